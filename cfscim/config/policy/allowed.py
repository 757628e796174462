"""What a stack may declare: a list of everything that its config accounts for, and nothing else.

Names are the program's logical names (docs/guide-steps.md). Where the caller sees which resource an
input is made from, that is held to the list as well; an id written out by hand is made from none.
Source of the providers' defaults: okta/terraform-provider-okta 6, the schemas of its resources (D);
the engine hands a rule the inputs as the provider has completed them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cfscim.config import kinds
from cfscim.config.access import people
from cfscim.config.entra_keys import Key, everybody, notifications, tenant_url
from cfscim.config.json_types import Json
from cfscim.config.lanes import Lane, lanes
from cfscim.config.messages import PROJECT
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names, scim_base_url
from cfscim.config.policy.model import Case, Finding, ResourceView, Rule, of_account
from cfscim.config.stand_ins import UNKNOWN, USER, name_in

_REMOVE = "remove it, or declare what is wanted in the config"
_OURS = f"{PROJECT}:index:"
_PROVIDER = "pulumi:providers:"
_EVERYWHERE = (
    "cloudflare:",
    kinds.ACCESS_GUARD,
    kinds.MOVE_SWITCH,
    kinds.PREVIOUS_TOKENS,
    kinds.TOKEN_WATCHES,
)
_OF_PROVIDER: Mapping[str, tuple[str, ...]] = {
    "okta": (*_EVERYWHERE, "okta:", f"{kinds.OURS}Okta"),
    "entra": (*_EVERYWHERE, "azuread:", f"{kinds.OURS}Entra"),
}
"""Which of the kinds that the program knows it declares with which identity provider."""
_PACKAGES = {"okta": {"cloudflare", "okta"}, "entra": {"cloudflare", "azuread"}}
_ONCE: Mapping[str, str] = {
    kinds.ACCOUNT_TOKENS: kinds.TOKEN,
    kinds.USER_TOKENS: kinds.TOKEN,
    kinds.OKTA_APP: kinds.OKTA_APP_NAME,
    kinds.OKTA_CONNECTION: kinds.OKTA_CONNECTION_NAME,
    kinds.OKTA_FEATURES: kinds.OKTA_FEATURES_NAME,
    kinds.ENTRA_APP: kinds.ENTRA_APP_NAME,
    kinds.ENTRA_JOB: kinds.ENTRA_JOB_NAME,
    kinds.ENTRA_CREDENTIALS: kinds.ENTRA_CREDENTIALS_NAME,
}
"""The logical name of what a stack declares once."""


def accounted_for(case: Case, view: ResourceView) -> Iterator[Finding]:
    """What of the resource the config does not account for."""
    if view.type.startswith(_OURS) or view.type == kinds.STACK:
        return
    if view.type.startswith(_PROVIDER):
        yield from _provider(case.config, view)
        return
    config, view = _way_of(case.config, view)
    if view.type not in kinds.KINDS or not view.type.startswith(
        _OF_PROVIDER[config.identity_provider.kind]
    ):
        yield Finding(f"the config accounts for no resource of the type {view.type}", _REMOVE)
        return
    if view.type not in kinds.TOKENS:
        yield from of_account("it", view.inputs.get("accountId", UNKNOWN), config.account.id)
    if view.type in _ONCE:
        owned = view.type not in kinds.TOKENS or (view.type == kinds.ACCOUNT_TOKENS) == (
            config.token.owner == "account"
        )
        yield from _named(view, {_ONCE[view.type]: ""} if owned else {}, "resource of this type")
    check = _CHECKS.get(view.type)
    if check is not None:
        yield from check(config, view)


def _provider(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    """The providers that the engine makes by itself, from the stack's settings, and no other: one
    that the program makes signs in wherever it likes, and each package can run what it likes."""
    ways = [lane.config.identity_provider.kind for lane in lanes(config)]
    known = {"pulumi-python"}.union(*(_PACKAGES[kind] for kind in ways))
    package = view.type.removeprefix(_PROVIDER)
    if package not in known or not (view.name == "default" or view.name.startswith("default_")):
        yield Finding(
            f"the config accounts for no provider {package} of the name {view.name}", _REMOVE
        )


def _way_of(config: ScimConfig, view: ResourceView) -> tuple[ScimConfig, ResourceView]:
    """The config of the way that the resource is of, and the resource under the name that it has
    where this is the only way."""
    ways = lanes(config)
    for lane in ways:
        if lane.is_next and view.name in _next_names(lane):
            fed_by = {
                key: tuple(
                    source.replace(kinds.NEXT, "") if source in _next_names(lane) else source
                    for source in by
                )
                for key, by in (view.fed_by or {}).items()
            }
            plain = replace(view, name=view.name.replace(kinds.NEXT, ""))
            return lane.config, plain if view.fed_by is None else replace(plain, fed_by=fed_by)
    for lane in ways:
        if view.type.startswith(_OF_PROVIDER[lane.config.identity_provider.kind]):
            return lane.config, view
    return ways[0].config, view


def _next_names(lane: Lane) -> frozenset[str]:
    names = {lane.resource(kind, role) for kind in kinds.OF_A_ROLE for role in lane.config.roles}
    return frozenset(names | {f"{name}{kinds.MEMBERS}" for name in names})


def _named(view: ResourceView, expected: Mapping[str, str], what: str) -> Iterator[Finding]:
    if view.name not in expected:
        yield Finding(f"the config accounts for no such {what}", _REMOVE)


def _made_from(view: ResourceView, key: str, source: str | None) -> Iterator[Finding]:
    """Whether the input is made from exactly the resource `source`, where that can be seen."""
    if view.fed_by is None or source is None:
        return
    given = tuple(view.fed_by.get(key, ()))
    if given != (source,):
        written = ", ".join(given) or "a value written out by hand"
        yield Finding(f"{key} is {written}, not {source}", f"take {key} from {source}")


def _only(view: ResourceView, key: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    """Whether a list of people names nobody but those of the config; by number where ids stand."""
    given = view.inputs.get(key)
    if not isinstance(given, list):
        return
    known = {person.lower() for person in allowed}
    for item in given:
        person = name_in(USER, item)
        if person is not None and person.lower() not in known:
            yield Finding(f"{person} is put in, whom the config does not list", _REMOVE)
    if len(given) > len(known):
        yield Finding(
            f"{len(given)} people are put in, the config lists {len(known)}",
            "list them in the config, or remove them",
        )


def _people_by_group(config: ScimConfig, kind: str, users: str) -> dict[str, tuple[str, ...]]:
    """Logical name of a group -> whom the config lists for it; `users`: the users' group's."""
    roles = {role.resource(kind): given.members or () for role, given in config.roles.items()}
    return {users: people(config), **roles}


def _memberships(kind: str, users: str) -> Callable[[ScimConfig, ResourceView], Iterator[Finding]]:
    """Of the role groups of `kind` and of the users' group, by their logical names."""

    def check(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
        of_group = _people_by_group(config, kind, users)
        groups = {f"{name}{kinds.MEMBERS}": name for name in of_group}
        listed = {f"{name}{kinds.MEMBERS}": members for name, members in of_group.items()}
        yield from _named(view, groups, "membership")
        yield from _made_from(view, "groupId", groups.get(view.name))
        for key in ("users", "members"):
            yield from _only(view, key, listed.get(view.name, ()))

    return check


def _one_person(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    users = kinds.OKTA_USERS
    person = view.name.removeprefix(f"{users}-")
    # Asked for every person, so nothing is sorted or collected here.
    groups = [
        config.identity_provider.users_group.members,
        *(r.members for r in config.roles.values()),
    ]
    written = any(person in members for members in groups if members)
    others = (other.lower() for members in groups if members for other in members)
    if person == view.name or not (written or person.lower() in others):
        yield Finding("the config accounts for no such membership", _REMOVE)
    yield from _one_group(view)
    yield from _made_from(view, "groups", users)


def _assignments(_config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    yield from _named(view, {kinds.OKTA_ASSIGNMENTS_NAME: ""}, "assignment")
    yield from _one_group(view)
    yield from _made_from(view, "appId", kinds.OKTA_APP_NAME)
    yield from _made_from(view, "groups", kinds.OKTA_USERS)


def _one_group(view: ResourceView) -> Iterator[Finding]:
    given = view.inputs.get("groups")
    if isinstance(given, list) and len(given) > 1:
        yield Finding(f"it holds {len(given)} groups instead of one", "leave one group in it")


def _push(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    groups = {r.resource(kinds.OF_OKTA_PUSH): r.resource(kinds.OF_OKTA_GROUP) for r in config.roles}
    yield from _named(view, groups, "push")
    yield from _made_from(view, "appId", kinds.OKTA_APP_NAME)
    yield from _made_from(view, "sourceGroupId", groups.get(view.name))


def _app_role(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    groups = {
        r.resource(kinds.OF_ENTRA_ASSIGNMENT): r.resource(kinds.OF_ENTRA_GROUP)
        for r in config.roles
    }
    groups[kinds.ENTRA_USERS_ASSIGNMENT] = kinds.ENTRA_USERS
    yield from _named(view, groups, "assignment")
    yield from _made_from(view, "resourceObjectId", kinds.ENTRA_APP_NAME)
    yield from _made_from(view, "principalObjectId", groups.get(view.name))


def _group(
    kind: str, key: str, users: str
) -> Callable[[ScimConfig, ResourceView], Iterator[Finding]]:
    """Of groups that are called by `key`, logical name by logical name; `users`: that of the users'
    group, empty where there is none of the type."""

    def check(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
        expected = {role.resource(kind): name for role, name in group_names(config).items()}
        if users:
            expected[users] = config.identity_provider.users_group.name
        yield from _named(view, expected, "group")
        given, wanted = view.inputs.get(key), expected.get(view.name)
        if wanted is not None and given not in (wanted, UNKNOWN):
            yield Finding(f'the group is called "{given}"', f'call it "{wanted}"')

    return check


def _entra_group(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    yield from _group(kinds.OF_ENTRA_GROUP, "displayName", kinds.ENTRA_USERS)(config, view)
    listed = _people_by_group(config, kinds.OF_ENTRA_GROUP, kinds.ENTRA_USERS)
    if view.name in listed:
        yield from _only(view, "members", listed[view.name])


def _connection(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    address: Json = view.inputs.get("baseUrl", UNKNOWN)
    if address not in (UNKNOWN, scim_base_url(config)):
        yield Finding("the token is handed over to another address", "write the account's own")
    if "appId" in view.inputs:
        yield from _made_from(view, "appId", kinds.OKTA_APP_NAME)


def _of_the_app(_config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    yield from _made_from(view, "servicePrincipalId", kinds.ENTRA_APP_NAME)


def _entra_credentials(config: ScimConfig, view: ResourceView) -> Iterator[Finding]:
    yield from _of_the_app(config, view)
    given, entra = view.inputs.get("credentials"), config.entra
    wanted = {
        Key.TENANT_URL.value: tenant_url(config),
        Key.NOTIFICATIONS.value: notifications(entra),
        Key.EVERYBODY.value: everybody(entra),
    }
    for pair in given if isinstance(given, list) else ():
        key, value = (
            (pair.get("key"), pair.get("value")) if isinstance(pair, dict) else (None, None)
        )
        if key in wanted and value not in (wanted[str(key)], UNKNOWN):
            yield Finding(f"{key} is {value}, the config says {wanted[str(key)]}", _REMOVE)
        elif key not in wanted and key != Key.TOKEN.value:
            yield Finding(f"the config accounts for no credential {key}", _REMOVE)


_CHECKS: Mapping[str, Callable[[ScimConfig, ResourceView], Iterator[Finding]]] = {
    kinds.OKTA_MEMBERS: _memberships(kinds.OF_OKTA_GROUP, kinds.OKTA_USERS),
    kinds.OKTA_PERSON: _one_person,
    kinds.OKTA_ASSIGNMENTS: _assignments,
    kinds.OKTA_PUSH: _push,
    kinds.OKTA_CONNECTION: _connection,
    kinds.OKTA_GROUP: _group(kinds.OF_OKTA_GROUP, "name", kinds.OKTA_USERS),
    kinds.USER_GROUP: _group(kinds.OF_USER_GROUP, "name", ""),
    kinds.ENTRA_JOB: _of_the_app,
    kinds.ENTRA_CREDENTIALS: _entra_credentials,
    kinds.ENTRA_ASSIGNMENT: _app_role,
    kinds.ENTRA_GROUP: _entra_group,
    kinds.ENTRA_MEMBERS: _memberships(kinds.OF_ENTRA_GROUP, kinds.ENTRA_USERS),
}


_TOKEN = ("condition", "expiresOn", "name", "policies")
_SET: Mapping[str, tuple[str, ...]] = {
    kinds.ACCOUNT_TOKENS: ("accountId", *_TOKEN),
    kinds.USER_TOKENS: _TOKEN,
    kinds.USER_GROUP: ("accountId", "name", "policies"),
    kinds.OKTA_APP: (
        *("autoSubmitToolbar", "hideIos", "hideWeb", "label", "preconfiguredApp", "status"),
        *("userNameTemplate", "userNameTemplateType"),
    ),
    kinds.OKTA_GROUP: ("description", "name"),
    kinds.OKTA_MEMBERS: ("groupId", "trackAllUsers", "users"),
    kinds.OKTA_PERSON: ("groups", "userId"),
    kinds.OKTA_ASSIGNMENTS: ("appId", "groups"),
    kinds.OKTA_CONNECTION: ("action", "baseUrl", "idProperty", "profile"),
    kinds.OKTA_FEATURES: ("appId", "capabilities", "name", "status"),
    kinds.OKTA_PUSH: ("appId", "deleteTargetGroupOnDestroy", "sourceGroupId", "status"),
    kinds.ENTRA_APP: ("displayName", "templateId"),
    kinds.ENTRA_JOB: ("enabled", "servicePrincipalId", "templateId"),
    kinds.ENTRA_CREDENTIALS: ("credentials", "servicePrincipalId"),
    kinds.ENTRA_GROUP: (
        *("description", "displayName", "members", "preventDuplicateNames", "securityEnabled"),
    ),
    kinds.ENTRA_ASSIGNMENT: ("appRoleId", "principalObjectId", "resourceObjectId"),
}
_DEFAULTS: Mapping[tuple[str, str], Json] = {(kinds.OKTA_APP, "samlVersion"): "2.0"}
"""What a provider adds by itself and is no absence."""


def _known_inputs(_case: Case, view: ResourceView) -> Iterator[Finding]:
    known = _SET.get(view.type)
    if known is None:
        return
    for key, value in view.inputs.items():
        # Two underscores: the engine's and the bridge's own notes.
        absent = not value or value == _DEFAULTS.get((view.type, key))
        if key not in known and not key.startswith("__") and not absent:
            yield Finding(
                f"the config accounts for no {key} of it", f"remove {key} from the resource"
            )


KNOWN_INPUTS = Rule(
    "known-inputs",
    "A resource is given no input that the config does not account for",
    "a role, an owner, an address or a target that nobody sees in this config would be none that "
    "anyone approved",
    resource=_known_inputs,
)
