"""The gallery: pull requests as pairs of configs, each with what it is about."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from tests.configs import MEMBERS, OTHER_ACCOUNT, SUPER, config_object

Config = dict[str, object]

PEOPLE = {
    "Administrator Read Only": ["katherine@example.com"],
    "Administrator": ["ada@example.com", "edsger@example.com"],
    "Billing": ["barbara@example.com"],
    SUPER: MEMBERS[SUPER],
}


def okta(kind: str = "okta", **provider: object) -> Config:
    return config_object(
        kind,
        members=PEOPLE,
        token={"expiresOn": "2027-05-20T00:00:00Z"},
        provider=provider,
        breakGlass=["owner@example.com"],
    )


def entra() -> Config:
    return okta("entra", deletionThreshold=10)


@dataclass(frozen=True)
class Scenario:
    """`affected`: everyone whom the report has to name."""

    name: str
    before: Config | None
    after: Config
    affected: tuple[str, ...] = ()


def _changed(base: Config, change: Callable[[dict], None]) -> Config:
    config = copy.deepcopy(base)
    change(config)
    return config


def _pair(
    name: str,
    change: Callable[[dict], None],
    *affected: str,
    base: Config | None = None,
    first: Callable[[dict], None] = lambda config: None,
) -> Scenario:
    """A base (`first` prepares it) and the pull request's `change` of it."""
    before = _changed(base or okta(), first)
    return Scenario(name, before, _changed(before, change), affected)


def _members(role: str, *people: str) -> Callable[[dict], None]:
    return lambda config: config["roles"][role].update(members=list(people))


def _elsewhere(role: str) -> Callable[[dict], None]:
    return lambda config: config["roles"].update({role: {}})


def _without(role: str) -> Callable[[dict], None]:
    return lambda config: config["roles"].pop(role)


def _set(*path: str, to: object) -> Callable[[dict], None]:
    def change(config: dict) -> None:
        for key in path[:-1]:
            config = config.setdefault(key, {})
        config[path[-1]] = to

    return change


def _both(*changes: Callable[[dict], None]) -> Callable[[dict], None]:
    def change(config: dict) -> None:
        for one in changes:
            one(config)

    return change


ADA, ALAN, BARBARA = "ada@example.com", "alan@example.com", "barbara@example.com"
EDSGER, GRACE, KATHERINE = "edsger@example.com", "grace@example.com", "katherine@example.com"
EVERYONE = (ADA, ALAN, BARBARA, EDSGER, GRACE, KATHERINE)
TEAM = tuple(f"person{number:03}@example.com" for number in range(1, 301))
DEPARTMENT = {"attribute": "department", "operator": "EQUALS", "value": "Engineering"}
COUNTRY = {"attribute": "country", "operator": "EQUALS", "value": "NL"}

SCENARIOS: tuple[Scenario, ...] = (
    _pair("nothing-changed", lambda config: None),
    _pair("account-label", _set("account", "name", to="Example Corporation")),
    _pair("grant", _members("Billing", BARBARA, ADA), ADA),
    _pair("revoke", _members("Administrator", ADA), EDSGER),
    _pair(
        "swap-roles",
        _both(_members("Administrator", EDSGER), _members("Billing", BARBARA, ADA)),
        ADA,
    ),
    _pair("super-administrator-gained", _members(SUPER, GRACE, ALAN, EDSGER), EDSGER),
    _pair("super-administrators-all-removed", _members(SUPER), GRACE, ALAN),
    _pair(
        "super-administrators-and-break-glass-removed",
        _both(_members(SUPER), _set("breakGlass", to=[])),
        GRACE,
        ALAN,
        "owner@example.com",
    ),
    _pair("role-emptied", _members("Billing"), BARBARA),
    _pair("role-dropped", _without("Billing"), BARBARA),
    _pair("role-dropped-entra", _without("Billing"), BARBARA, base=entra()),
    _pair(
        "role-added",
        _set("roles", "Billing", to={"members": [BARBARA]}),
        BARBARA,
        first=_without("Billing"),
    ),
    _pair("role-managed-elsewhere-dropped", _without("Billing"), first=_elsewhere("Billing")),
    _pair("members-handed-to-okta", _elsewhere("Administrator"), ADA, EDSGER),
    _pair(
        "members-taken-from-okta",
        _members("Billing", BARBARA),
        BARBARA,
        first=_elsewhere("Billing"),
    ),
    _pair("super-administrators-handed-to-okta", _elsewhere(SUPER), GRACE, ALAN),
    _pair("group-rename-attempt", _set("groupPrefix", to="Cloudflare "), *EVERYONE),
    _pair(
        "users-group-renamed",
        _set("identityProvider", "usersGroup", to={"name": "All of Cloudflare"}),
    ),
    _pair(
        "users-group-exact-to-additive",
        _set("identityProvider", "usersGroup", to={}),
        "margaret@example.com",
        first=_set("identityProvider", "usersGroup", to={"members": ["margaret@example.com"]}),
    ),
    _pair(
        "users-group-additive-to-exact",
        _set("identityProvider", "usersGroup", to={"members": ["margaret@example.com"]}),
        "margaret@example.com",
    ),
    _pair(
        "person-leaves-the-account",
        _both(
            _members("Administrator", ADA),
            _set("identityProvider", "usersGroup", to={"members": []}),
        ),
        EDSGER,
        "margaret@example.com",
        first=_set("identityProvider", "usersGroup", to={"members": ["margaret@example.com"]}),
    ),
    _pair("token-rotated", _set("token", "rotation", to="2")),
    _pair("token-rotated-entra", _set("token", "rotation", to="2"), base=entra()),
    _pair("token-renamed", _set("token", "name", to="cloudflare-scim-example")),
    _pair("token-owner-switched", _set("token", "owner", to="user")),
    _pair("token-expiry-later", _set("token", "expiresOn", to="2027-11-01T00:00:00Z")),
    _pair("token-expiry-removed", lambda config: config.pop("token")),
    _pair("token-cidrs-added", _set("token", "allowedCidrs", to=["203.0.113.0/24"])),
    _pair(
        "token-cidrs-removed",
        _set("token", "allowedCidrs", to=[]),
        first=_set("token", "allowedCidrs", to=["203.0.113.0/24", "198.51.100.7/32"]),
    ),
    _pair(
        "role-model-to-virtual-groups",
        _set("roleModel", to="virtualGroups"),
        *EVERYONE,
        base=entra(),
    ),
    _pair(
        "role-model-to-user-groups",
        _set("roleModel", to="userGroups"),
        *EVERYONE,
        base=entra(),
        first=_set("roleModel", to="virtualGroups"),
    ),
    _pair(
        "role-model-to-user-groups-same-names",
        _set("roleModel", to="userGroups"),
        *EVERYONE,
        first=_set("roleModel", to="virtualGroups"),
    ),
    _pair(
        "account-switched",
        _set("account", to={"id": OTHER_ACCOUNT, "name": "Example Labs"}),
        *EVERYONE,
    ),
    _pair("provider-switched", _set("identityProvider", to={"kind": "entra"}), *EVERYONE),
    _pair(
        "provider-switched-to-okta",
        _set("identityProvider", to={"kind": "okta", "orgName": "example"}),
        *EVERYONE,
        base=entra(),
    ),
    _pair(
        "break-glass-changed",
        _set("breakGlass", to=["safe@example.com"]),
        "owner@example.com",
        "safe@example.com",
    ),
    _pair(
        "console-steps-confirmed",
        _set("identityProvider", "apiIntegrationConfirmed", to=True),
        first=_set("identityProvider", "apiIntegrationConfirmed", to=False),
    ),
    _pair("okta-app-relabelled", _set("identityProvider", "appLabel", to="Cloudflare Dashboard")),
    _pair(
        "okta-other-catalog-app", _set("identityProvider", "catalogApp", to="cloudflare_dashboard")
    ),
    _pair("okta-api-integration", _set("identityProvider", "apiIntegration", to="api")),
    _pair("entra-scope-filtered", _set("identityProvider", "scope", to="filtered"), base=entra()),
    _pair(
        "entra-filter-changed",
        _set("identityProvider", "userFilter", to=[DEPARTMENT, COUNTRY]),
        base=entra(),
        first=_both(
            _set("identityProvider", "scope", to="filtered"),
            _set("identityProvider", "userFilter", to=[DEPARTMENT]),
        ),
    ),
    _pair("entra-stopped", _set("identityProvider", "start", to=False), base=entra()),
    _pair(
        "entra-deletion-threshold-raised",
        _set("identityProvider", "deletionThreshold", to=500),
        base=entra(),
    ),
    _pair(
        "waiver-added",
        _set(
            "waivers",
            to=[
                {
                    "rule": "token-expiry",
                    "until": "2026-12-31",
                    "by": "Grace Hopper",
                    "reason": "migration until year end",
                }
            ],
        ),
    ),
    _pair("three-hundred-people", _members("Administrator Read Only", KATHERINE, *TEAM), *TEAM),
    Scenario("new-stack", None, okta(), EVERYONE),
    Scenario("new-stack-entra", None, entra(), EVERYONE),
)
