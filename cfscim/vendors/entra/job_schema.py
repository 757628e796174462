"""The provisioning job's schema document: its scoping filters, and nothing else of it changed.

Pure functions. Source: guide, "Configure user permissions in Azure AD", 3-6; Microsoft Graph,
synchronizationSchema and filter (`groups` are alternatives, `clauses` must all hold).
"""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cfscim.config.facts import UNARY
from cfscim.config.json_types import Json, JsonObject, objects
from cfscim.vendors.errors import NotAsDeclaredError

SourceObject = Literal["Group", "User"]
ABSENT = "absent"
"""Stands for a mapping without a `scope` key, so that restoring can take the key away again."""
CHANGED_BY_HAND = "(changed by hand)"
OBJECT_ID = "objectId"
EQUALS = "EQUALS"

_GROUP_KEYS = {"displayName", OBJECT_ID}
_WHERE = "Microsoft Graph job schema"
_PARTS = ("groups", "inputFilterGroups", "categoryFilterGroups")
# Cloudflare's Entra page: `active` follows deletion, never accountEnabled.
_ACTIVE = (
    'Switch([IsSoftDeleted],,"False","True","True","False")',
    'Switch([IsSoftDeleted],,"True","False","False","True")',
    "Not([IsSoftDeleted])",
)
SENT: tuple[tuple[SourceObject, str, str], ...] = (
    ("User", "userName", "userPrincipalName"),
    ("User", 'emails[type eq "work"].value', "mail"),
    ("Group", "displayName", "displayName"),
    ("Group", "members", "members"),
)
"""What makes people and groups who they are at the target, and the attribute each comes from."""
_NormalClause = tuple[str, str, tuple[str, ...]]
_Normal = tuple[frozenset[frozenset[_NormalClause]], ...]


@dataclass(frozen=True)
class Clause:
    """One condition of a scoping filter; `value` is empty for the unary operators."""

    attribute: str
    operator: str
    value: str

    def to_wire(self) -> JsonObject:
        """As Microsoft Graph writes it (filterClause)."""
        values: list[Json] = [] if self.operator in UNARY else [self.value]
        return {
            "operatorName": self.operator,
            "sourceOperandName": self.attribute,
            "targetOperand": {"values": values},
        }


@dataclass(frozen=True)
class ScopedGroup:
    """A group that the filter lets in: object id and exact name.

    Names are not unique in Entra and any user may make a twin, so the id decides; the name beside
    it keeps a renamed group out, which would meet no group in Cloudflare.
    """

    id: str
    name: str


@dataclass(frozen=True, eq=False)
class Scopes:
    """The scope of the Group mapping and that of the User mapping, as they stand in a document.

    None is no filter. Two are equal when they let the same objects in as written: names of
    filter groups and the order of anything make no difference.
    """

    group: Json
    user: Json

    @classmethod
    def of(
        cls,
        group_list: Sequence[ScopedGroup],
        user_clauses: Sequence[Clause],
        *,
        user_otherwise: Json = None,
    ) -> "Scopes":
        """Exactly these groups; users who meet every clause.

        Without clauses the users' scope is `user_otherwise`: what stood there before, where it
        is to be left alone. Raises `ValueError` for no group at all, which would let all in, and
        for a group without id, which would let in whoever takes its name.
        """
        if not group_list or not all(group.id for group in group_list):
            raise ValueError("a filter on no group, or on a name alone, would let strangers in")
        groups: list[Json] = [
            {
                "name": group.name,
                "clauses": [
                    Clause(OBJECT_ID, EQUALS, group.id).to_wire(),
                    Clause("displayName", EQUALS, group.name).to_wire(),
                ],
            }
            for group in group_list
        ]
        clauses: list[Json] = [clause.to_wire() for clause in user_clauses]
        users = _filter([{"name": "Cloudflare users", "clauses": clauses}])
        return cls(_filter(groups), users if clauses else user_otherwise)

    @classmethod
    def from_json(cls, text: str) -> "Scopes":
        """What `to_json` wrote."""
        kept = json.loads(text)
        return cls(kept["group"], kept["user"])

    def to_json(self) -> str:
        """Both scopes as they stand, for keeping until they are restored."""
        return json.dumps({"group": self.group, "user": self.user})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scopes):
            return NotImplemented
        return self.normal_form() == other.normal_form()

    def __hash__(self) -> int:
        return hash(self.normal_form())

    def normal_form(self) -> tuple[_Normal, _Normal]:
        """What the two scopes let in, without names and order."""
        return _normal(self.group), _normal(self.user)

    def groups(self) -> tuple[ScopedGroup, ...] | None:
        """What the Group mapping is limited to; None where its filter is anything else.

        A filter by name alone reads as groups with an empty id.
        """
        groups: list[ScopedGroup] = []
        for clauses in _clauses(self.group):
            values = {
                attribute: value
                for attribute, operator, value in clauses
                if operator == EQUALS and len(value) == 1
            }
            if len(values) != len(clauses) or not {"displayName"} <= values.keys() <= _GROUP_KEYS:
                return None
            group_id = values.get(OBJECT_ID, ("",))[0]
            groups.append(ScopedGroup(group_id, values["displayName"][0]))
        only_groups = not any(_normal(self.group)[1:])
        return tuple(groups) if groups and only_groups else None

    def user_clauses(self) -> list[str]:
        """The clauses users must meet, each as JSON `[attribute, operator, value]`.

        One "(changed by hand)" where the filter is more than one group of clauses.
        """
        groups = _clauses(self.user)
        if not any(_normal(self.user)):
            return []
        if len(groups) != 1 or any(_normal(self.user)[1:]):
            return [CHANGED_BY_HAND]
        return [
            json.dumps([attribute, operator, *(values or ("",))])
            for attribute, operator, values in groups[0]
        ]


def read_scopes(document: JsonObject) -> Scopes:
    """The document's two scopes. Raises `NotAsDeclaredError` as `object_mapping` does."""
    group, user = object_mapping(document, "Group"), object_mapping(document, "User")
    return Scopes(
        copy.deepcopy(group.get("scope", ABSENT)), copy.deepcopy(user.get("scope", ABSENT))
    )


def with_scopes(document: JsonObject, scopes: Scopes) -> JsonObject:
    """A copy with these scopes and without `@odata.*`, which Graph refuses on write.

    Everything else stays as it is, in its order. Raises `NotAsDeclaredError`.
    """
    changed = _without_annotations(document)
    assert isinstance(changed, dict)
    sources: tuple[tuple[SourceObject, Json], ...] = (
        ("Group", scopes.group),
        ("User", scopes.user),
    )
    for source, scope in sources:
        mapping = object_mapping(changed, source)
        if scope == ABSENT:
            mapping.pop("scope", None)
        else:
            mapping["scope"] = copy.deepcopy(scope)
    return changed


def object_mapping(document: JsonObject, source: SourceObject) -> JsonObject:
    """The only mapping whose source objects are Groups or Users; display names differ by tenant.

    Raises `NotAsDeclaredError` where there is none, or more than one.
    """
    mappings = [
        mapping
        for rule in objects(document.get("synchronizationRules"))
        for mapping in objects(rule.get("objectMappings"))
        if mapping.get("sourceObjectName") == source
    ]
    if len(mappings) != 1:
        raise NotAsDeclaredError(
            _WHERE,
            f"{len(mappings) or 'no'} mappings of {source} objects",
            why="it is not clear which one decides who is provisioned",
            instead="restore the default mappings of the app in the Entra admin center",
        )
    return mappings[0]


def require_id_filter(document: JsonObject, operators: Sequence[JsonObject]) -> None:
    """Refuses a tenant whose filters cannot compare a group's object id.

    `operators`: what `schema/filterOperators` answers (name, supportedAttributeTypes). Raises
    `NotAsDeclaredError`: a filter by name alone would let in whoever makes a group of that name.
    """
    type_ = _group_attribute_types(document).get(OBJECT_ID)
    supported = [
        operator.get("supportedAttributeTypes")
        for operator in operators
        if operator.get("name") == EQUALS
    ]
    if type_ is not None and any(isinstance(s, list) and type_ in s for s in supported):
        return
    detail = f"{EQUALS} does not take its type {type_}" if type_ else "the schema does not know it"
    raise NotAsDeclaredError(
        "Microsoft Graph scoping filter",
        f"this tenant cannot filter groups by {OBJECT_ID} ({detail})",
        why="names are not unique in Entra: a filter by name lets in whoever makes such a group",
        instead="report it with the answer of schema/filterOperators; never filter by name alone",
    )


def _group_attribute_types(document: JsonObject) -> dict[str, str]:
    """The source directory's attributes of Group objects, name to type."""
    sources = {
        str(rule.get("sourceDirectoryName"))
        for rule in objects(document.get("synchronizationRules"))
    }
    return {
        str(attribute.get("name")): str(attribute.get("type"))
        for directory in objects(document.get("directories"))
        if str(directory.get("name")) in sources
        for definition in objects(directory.get("objects"))
        if definition.get("name") == "Group"
        for attribute in objects(definition.get("attributes"))
    }


def active_expression(document: JsonObject) -> str:
    """What `active` is mapped from in the User mapping; empty where it is not mapped once."""
    return source_expression(document, "User", "active")


def source_expression(document: JsonObject, kind: SourceObject, target: str) -> str:
    """What an attribute is mapped from in a kind's mapping; empty where it is not mapped once."""
    sources = [
        flow.get("source")
        for flow in objects(object_mapping(document, kind).get("attributeMappings"))
        if flow.get("targetAttributeName") == target
    ]
    source = sources[0] if len(sources) == 1 else None
    expression = source.get("expression") if isinstance(source, dict) else None
    return expression if isinstance(expression, str) else ""


def active_from_soft_deleted(document: JsonObject) -> bool:
    """Whether `active` is false exactly for deleted users (Cloudflare: SCIM with Entra)."""
    return "".join(active_expression(document).split()) in _ACTIVE


def _filter(groups: list[Json]) -> JsonObject:
    return {"categoryFilterGroups": [], "groups": groups, "inputFilterGroups": []}


def _normal(scope: Json) -> _Normal:
    return tuple(frozenset(frozenset(group) for group in _clauses(scope, part)) for part in _PARTS)


def _clauses(scope: Json, part: str = "groups") -> list[list[_NormalClause]]:
    groups = objects(scope.get(part)) if isinstance(scope, dict) else []
    return [[_clause(clause) for clause in objects(group.get("clauses"))] for group in groups]


def _clause(clause: JsonObject) -> _NormalClause:
    operand = clause.get("targetOperand")
    values = operand.get("values") if isinstance(operand, dict) else None
    return (
        str(clause.get("sourceOperandName")),
        str(clause.get("operatorName")),
        tuple(str(value) for value in values) if isinstance(values, list) else (),
    )


def _without_annotations(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_annotations(item) for key, item in _plain(value)}
    if isinstance(value, list):
        return [_without_annotations(item) for item in value]
    return value


def _plain(value: JsonObject) -> Iterator[tuple[str, Json]]:
    return ((key, item) for key, item in value.items() if "@odata." not in key)
