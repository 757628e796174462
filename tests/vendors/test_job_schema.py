"""The scoping filters: exactly the declared ones, and nothing else of the document changes."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.json_types import Json, JsonObject
from cfscim.vendors.entra.job_schema import (
    ABSENT,
    CHANGED_BY_HAND,
    Clause,
    ScopedGroup,
    Scopes,
    active_from_soft_deleted,
    object_mapping,
    read_scopes,
    require_id_filter,
    with_scopes,
)
from cfscim.vendors.errors import NotAsDeclaredError
from tests.vendors.scoped import scoped

NAMES = ["Administrator", "Super Administrator - All Privileges"]
DEPARTMENT = Clause("department", "EQUALS", "IT")
PRESENT = Clause("mail", "IS NOT NULL", "")
FILTER: JsonObject = {"groups": [], "inputFilterGroups": [], "categoryFilterGroups": []}

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
words = st.text(min_size=1, max_size=8)
clauses = st.builds(Clause, words, st.sampled_from(["EQUALS", "REGEX MATCH", "Includes"]), words)
plain_objects = st.dictionaries(
    st.text(max_size=6).filter(lambda key: "@odata." not in key), json_values, max_size=3
)


def mapping(source: str, scope: Json = None, **more: Json) -> JsonObject:
    found: JsonObject = {
        "name": f"Provision Microsoft Entra ID {source}s",
        "sourceObjectName": source,
    }
    if scope != ABSENT:
        found["scope"] = scope
    return {**found, "enabled": True, "attributeMappings": [], **more}


def document(group: Json = None, user: Json = None, **more: Json) -> JsonObject:
    rule: JsonObject = {
        "id": "r",
        "objectMappings": [mapping("Group", group), mapping("User", user)],
    }
    return {"directories": [{"name": "x"}], "synchronizationRules": [rule], **more}


@st.composite
def documents(draw: st.DrawFn) -> JsonObject:
    """Documents with both mappings somewhere, and anything else around them."""
    scopes = st.none() | st.just(ABSENT) | plain_objects | st.just(FILTER)
    wanted = [
        {**draw(plain_objects), **mapping("Group", draw(scopes))},
        mapping("User", draw(scopes)),
    ]
    others = [
        mapping(name) for name in draw(st.lists(st.sampled_from(["Contact", "group", "Users"])))
    ]
    mappings = draw(st.permutations([*wanted, *others]))
    cut = draw(st.integers(0, len(mappings)))
    rules = [
        {"objectMappings": mappings[:cut]},
        {**draw(plain_objects), "objectMappings": mappings[cut:]},
    ]
    return {**draw(plain_objects), "synchronizationRules": rules}


def without_scopes(value: JsonObject) -> str:
    value = copy.deepcopy(value)
    for source in ("Group", "User"):
        object_mapping(value, source).pop("scope", None)
    return json.dumps(value)


@given(
    documents(), st.lists(words, min_size=1, max_size=4, unique=True), st.lists(clauses, max_size=3)
)
def test_nothing_but_the_scopes_changes_and_restoring_gives_the_same_bytes(
    before: JsonObject, names: list[str], users: list[Clause]
) -> None:
    kept, bytes_before = read_scopes(before), json.dumps(before)
    wanted = Scopes.of(scoped(names), users, user_otherwise=kept.user)
    after = with_scopes(before, wanted)
    assert json.dumps(before) == bytes_before, "the input was changed"
    assert read_scopes(after) == wanted
    assert read_scopes(after).groups() == tuple(scoped(names))
    if users:
        expected = [json.dumps([c.attribute, c.operator, c.value]) for c in users]
        assert read_scopes(after).user_clauses() == expected
    assert without_scopes(after) == without_scopes(before)
    restored = with_scopes(after, Scopes.from_json(kept.to_json()))
    assert json.dumps(restored) == bytes_before


def test_the_filter_on_the_wire() -> None:
    after = with_scopes(document(), Scopes.of(scoped(NAMES), [DEPARTMENT, PRESENT]))
    group, user = object_mapping(after, "Group")["scope"], object_mapping(after, "User")["scope"]
    assert group == {
        "categoryFilterGroups": [],
        "groups": [
            {
                "name": name,
                "clauses": [
                    {
                        "operatorName": "EQUALS",
                        "sourceOperandName": "objectId",
                        "targetOperand": {"values": [f"id-{name}"]},
                    },
                    {
                        "operatorName": "EQUALS",
                        "sourceOperandName": "displayName",
                        "targetOperand": {"values": [name]},
                    },
                ],
            }
            for name in NAMES
        ],
        "inputFilterGroups": [],
    }
    assert isinstance(user, dict)
    assert user["groups"] == [
        {
            "name": "Cloudflare users",
            "clauses": [
                {
                    "operatorName": "EQUALS",
                    "sourceOperandName": "department",
                    "targetOperand": {"values": ["IT"]},
                },
                {
                    "operatorName": "IS NOT NULL",
                    "sourceOperandName": "mail",
                    "targetOperand": {"values": []},
                },
            ],
        }
    ]


def test_annotations_are_left_out_wherever_they_stand() -> None:
    before = document(**{"@odata.context": "x"})
    object_mapping(before, "Group")["attributeMappings@odata.context"] = "y"
    assert "@odata" not in json.dumps(with_scopes(before, Scopes(None, None)))


def test_the_order_and_the_names_of_filter_groups_make_no_difference() -> None:
    one, other = Scopes.of(scoped(NAMES), []), Scopes.of(scoped(NAMES[::-1]), [])
    assert one == other
    assert hash(one) == hash(other)
    renamed = json.loads(one.to_json().replace('"name": "Administrator"', '"name": "1"'))
    assert Scopes(renamed["group"], None) == one


def test_an_empty_filter_is_no_filter() -> None:
    assert Scopes(FILTER, ABSENT) == Scopes(None, None)
    assert Scopes(FILTER, None).user_clauses() == []


def changed(**change: Json) -> Json:
    scope = json.loads(json.dumps(Scopes.of(scoped(NAMES), []).group))
    scope["groups"][0]["clauses"][0].update(change)
    return scope


@pytest.mark.parametrize(
    "scope",
    [
        None,
        changed(targetOperand={"values": ["another-id"]}),
        changed(operatorName="NOT EQUALS"),
        changed(sourceOperandName="description"),
        changed(targetOperand={"values": ["administrator"]}),
        changed(targetOperand={"values": []}),
        {**FILTER, "groups": [{"name": "all", "clauses": []}]},
        {**FILTER, "inputFilterGroups": [{"name": "x", "clauses": [PRESENT.to_wire()]}]},
    ],
)
def test_any_other_filter_is_noticed(scope: Json) -> None:
    assert Scopes(scope, None) != Scopes.of(scoped(NAMES), [])
    assert Scopes(scope, None).groups() != tuple(scoped(NAMES))


def test_an_experimental_filter_beside_the_declared_one_is_noticed() -> None:
    extra = {"name": "x", "clauses": [PRESENT.to_wire()]}
    declared = json.loads(Scopes.of(scoped(NAMES), []).to_json())["group"]
    scope = {**declared, "categoryFilterGroups": [extra]}
    assert Scopes(scope, None) != Scopes.of(scoped(NAMES), [])
    assert Scopes(scope, None).groups() is None


def test_a_narrowed_or_widened_group_filter_is_noticed() -> None:
    wanted = Scopes.of(scoped(NAMES), [])
    assert Scopes.of(scoped([*NAMES, "Billing"]), []) != wanted != Scopes.of(scoped(NAMES[:1]), [])
    narrowed = json.loads(wanted.to_json())["group"]
    narrowed["groups"][0]["clauses"].append(PRESENT.to_wire())
    assert Scopes(narrowed, None) != wanted
    assert Scopes(narrowed, None).groups() is None


def test_a_user_filter_with_alternatives_is_no_list_of_clauses() -> None:
    user = Scopes.of(scoped(NAMES), [DEPARTMENT]).user
    assert isinstance(user, dict)
    groups = user["groups"]
    assert isinstance(groups, list)
    doubled: Json = {**user, "groups": [*groups, {"name": "or", "clauses": [PRESENT.to_wire()]}]}
    assert Scopes(None, doubled).user_clauses() == [CHANGED_BY_HAND]


def test_without_clauses_the_users_filter_is_left_alone() -> None:
    theirs = Scopes.of(scoped(NAMES), [DEPARTMENT]).user
    before = document(user=theirs)
    wanted = Scopes.of(scoped(NAMES), [], user_otherwise=read_scopes(before).user)
    assert object_mapping(with_scopes(before, wanted), "User")["scope"] == theirs


def test_a_filter_on_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="let strangers in"):
        Scopes.of([], [])
    with pytest.raises(ValueError, match="let strangers in"):
        Scopes.of([ScopedGroup("", "Billing")], [])


@pytest.mark.parametrize(
    "mappings",
    [[], [mapping("User")], [mapping("Group")], [mapping("Group")] * 2 + [mapping("User")]],
)
def test_no_mapping_or_two_is_refused(mappings: list[Json]) -> None:
    broken: JsonObject = {"synchronizationRules": [{"objectMappings": mappings}]}
    with pytest.raises(NotAsDeclaredError, match="mappings of"):
        read_scopes(broken)
    with pytest.raises(NotAsDeclaredError, match="restore the default mappings"):
        with_scopes(broken, Scopes.of(scoped(NAMES), []))


@pytest.mark.parametrize(
    ("expression", "right"),
    [
        ('Switch([IsSoftDeleted], , "False", "True", "True", "False")', True),
        ("Not([IsSoftDeleted])", True),
        ('Switch([IsSoftDeleted], , "False", "False", "True", "True")', False),
        ("[IsSoftDeleted]", False),
        ("[accountEnabled]", False),
        ('Switch([accountEnabled], , "False", "True", "True", "False")', False),
        ("", False),
    ],
)
def test_active_must_follow_deletion(expression: str, right: bool) -> None:
    found = document()
    flow: JsonObject = {"targetAttributeName": "active", "source": {"expression": expression}}
    object_mapping(found, "User")["attributeMappings"] = [flow]
    assert active_from_soft_deleted(found) is right
    object_mapping(found, "User")["attributeMappings"] = [flow, flow]
    assert active_from_soft_deleted(found) is False


def schema_with(type_: str | None) -> JsonObject:
    attributes: list[Json] = [] if type_ is None else [{"name": "objectId", "type": type_}]
    objects: list[Json] = [{"name": "Group", "attributes": attributes}]
    return {
        "directories": [{"name": "Azure Active Directory", "objects": objects}],
        "synchronizationRules": [{"sourceDirectoryName": "Azure Active Directory"}],
    }


EQUALS_TEXT: JsonObject = {"name": "EQUALS", "supportedAttributeTypes": ["String", "Integer"]}


def test_a_tenant_that_compares_ids_is_accepted() -> None:
    require_id_filter(schema_with("String"), [EQUALS_TEXT])


@pytest.mark.parametrize(
    ("type_", "operators", "words"),
    [
        (None, [EQUALS_TEXT], "does not know it"),
        ("Reference", [EQUALS_TEXT], "EQUALS does not take its type Reference"),
        ("String", [], "EQUALS does not take its type String"),
        ("String", [{**EQUALS_TEXT, "name": "Includes"}], "EQUALS does not take"),
        ("String", [{"name": "EQUALS"}], "EQUALS does not take"),
    ],
)
def test_a_tenant_that_cannot_filter_by_id_is_refused_rather_than_filtered_by_name(
    type_: str | None, operators: list[JsonObject], words: str
) -> None:
    with pytest.raises(NotAsDeclaredError, match=words) as caught:
        require_id_filter(schema_with(type_), operators)
    assert "never filter by name alone" in str(caught.value)
