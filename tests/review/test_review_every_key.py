"""Every key of the config, changed there and back: a risk, or listed as harmless with the reason."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cfscim.config.models import ScimConfig
from cfscim.config.refusals import alias_of, models_in
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import Plan, make_plan
from cfscim.review.compare import compare
from cfscim.review.risks import risks
from cfscim.review.setting_risks import HARMLESS
from tests.configs import ACCOUNT, OTHER_ACCOUNT, SUPER
from tests.plan.plan_kit import write
from tests.review.gallery_scenarios import entra, okta

Config = dict[str, Any]
ADA, KAY, OWNER = "ada@example.com", "kay@example.com", "owner@example.com"
WAIVER = {"rule": "token-expiry", "until": "2026-12-31", "by": ADA, "reason": "for a while"}
REMOVAL = {"what": "Billing", "until": "2026-12-31", "by": ADA, "reason": "for a while"}
MOVE = {
    "to": {"groupPrefix": "Cloudflare "},
    **{key: REMOVAL[key] for key in ("until", "by", "reason")},
}
CLAUSE = {"attribute": "department", "operator": "EQUALS", "value": "Engineering"}
NETWORK = "203.0.113.0/24"
ABSENT = object()

LESS = {
    ("environment", "back"): "production keeps every rule",
    ("waivers", "back"): "a rule holds again",
    ("removals", "back"): "protection holds again",
    ("move", "back"): "the second way is gone; what that deletes is refused or named by itself",
}
"""Changes of one direction that only take permission away."""


@dataclass(frozen=True)
class Key:
    """`path` in the config, with two values; `base`: what the rest of the config is."""

    one: object
    two: object
    at: tuple[str | int, ...] = ()
    base: Callable[[], Config] = okta
    given: Config = field(default_factory=dict)


def _entry(key: str, entry: Config, **two: object) -> dict[str, Key]:
    return {
        f"{key}.{name}": Key([entry], [{**entry, name: value}], (key,))
        for name, value in two.items()
    }


def _entra(one: object, two: object, key: str, **given: object) -> Key:
    return Key(one, two, ("identityProvider", key), entra, {"identityProvider": given})


def _to_entra(**keys: object) -> Config:
    to = {"groupPrefix": "Cloudflare ", "identityProvider": {"kind": "entra", **keys}}
    return {**MOVE, "to": to}


DAY = "2027-01-15"
KEYS: dict[str, Key] = {
    "account.id": Key(ACCOUNT, OTHER_ACCOUNT),
    "account.name": Key("Example Corp", "Sandbox"),
    "roleModel": Key("userGroups", "virtualGroups"),
    "environment": Key("production", "development"),
    "token.owner": Key("account", "user"),
    "token.name": Key("cloudflare-scim-prod", "other"),
    "token.expiresOn": Key("2027-05-20T00:00:00Z", "2027-09-20T00:00:00Z"),
    "token.allowedCidrs": Key([], [NETWORK]),
    "token.keepPrevious": Key(False, True),
    "token.rotation": Key("1", "2"),
    "roles.members": Key([ADA], [ADA, KAY], ("roles", "Billing", "members")),
    "groupPrefix": Key("", "Cloudflare "),
    "breakGlass": Key([OWNER], ["second@example.com"]),
    "waivers": Key([], [WAIVER]),
    **_entry(
        "waivers", WAIVER, rule="removal-share", until=DAY, by="eve@example.com", reason="later"
    ),
    "removals": Key([], [REMOVAL]),
    **_entry("removals", REMOVAL, what="usersGroup", until=DAY, by="eve@example.com", reason="on"),
    "move": Key(ABSENT, MOVE),
    "move.to.groupPrefix": Key(MOVE, {**MOVE, "to": {"groupPrefix": "Other "}}, ("move",)),
    "move.to.roleModel": Key(
        ABSENT,
        {**MOVE, "to": {"roleModel": "userGroups", "groupPrefix": "New "}},
        ("move",),
        given={"roleModel": "virtualGroups"},
    ),
    "move.to.identityProvider": Key(ABSENT, _to_entra(), ("move",)),
    "move.switched": Key(MOVE, {**MOVE, "switched": True}, ("move",)),
    **{
        f"move.{name}": Key(MOVE, {**MOVE, name: value}, ("move",))
        for name, value in {"until": DAY, "by": "eve@example.com", "reason": "on"}.items()
    },
    "identityProvider.kind": Key(
        okta()["identityProvider"], entra()["identityProvider"], ("identityProvider",)
    ),
    "identityProvider.orgName": Key("example", "evil"),
    "identityProvider.appLabel": Key("Cloudflare SCIM", "Other"),
    "identityProvider.catalogApp": Key("scim2testapp", "other"),
    "identityProvider.apiIntegration": Key("console", "api"),
    "identityProvider.apiIntegrationConfirmed": Key(True, False),
    "identityProvider.usersGroup.name": Key("Cloudflare Users", "Everyone"),
    "identityProvider.usersGroup.members": Key([KAY], [KAY, "eve@example.com"]),
    "identityProvider.cloud": _entra("global", "china", "cloud"),
    "identityProvider.appName": _entra("Cloudflare SCIM", "Other", "appName"),
    "identityProvider.scope": _entra("assigned", "filtered", "scope"),
    "identityProvider.userFilter": _entra([], [CLAUSE], "userFilter", scope="filtered"),
    **{
        f"identityProvider.userFilter.{name}": _entra(
            [CLAUSE], [{**CLAUSE, name: value}], "userFilter", scope="filtered"
        )
        for name, value in {
            "attribute": "country",
            "operator": "NOT EQUALS",
            "value": "Sales",
        }.items()
    },
    "identityProvider.start": _entra(True, False, "start"),
    "identityProvider.notificationEmail": _entra("it@example.com", KAY, "notificationEmail"),
    "identityProvider.deletionThreshold": _entra(10, 500, "deletionThreshold"),
    "identityProvider.tenantUrlSuffix": _entra("", "?aadOptscim062020", "tenantUrlSuffix"),
}
MORE: dict[str, Key] = {
    "token.expiresOn, none": Key("2027-05-20T00:00:00Z", ABSENT),
    "token.allowedCidrs, another": Key([NETWORK], ["0.0.0.0/0"]),
    "roles, one decided elsewhere": Key({"members": [ADA]}, {}, ("roles", SUPER)),
    "roles, one not declared": Key({"members": [ADA]}, ABSENT, ("roles", "Billing")),
    "breakGlass, nobody": Key([OWNER], []),
    "identityProvider.notificationEmail, none": _entra("it@example.com", None, "notificationEmail"),
    "identityProvider.deletionThreshold, none": _entra(10, None, "deletionThreshold"),
    "identityProvider.usersGroup.members, elsewhere": Key(
        [KAY], ABSENT, ("identityProvider", "usersGroup", "members")
    ),
    "move.to.identityProvider, its own settings": Key(
        _to_entra(),
        _to_entra(scope="filtered"),
        ("move",),
    ),
}


def leaves(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every key path of the models; those of both identity providers and of lists' entries."""
    for name, declared in model.model_fields.items():
        path = f"{above}{alias_of(name, declared)}"
        inner = [] if path == "move.to.identityProvider" else [*models_in(declared.annotation)]
        if not inner or path in ("waivers", "removals", "move", "identityProvider.userFilter"):
            yield path
        for one in inner:
            yield from leaves(one, f"{path}.")


def written(key: Key, path: str, value: object) -> Config:
    config = copy.deepcopy(key.base())
    for name, more in key.given.items():
        config[name] = {**config[name], **more} if isinstance(more, dict) else more  # type: ignore[dict-item]
    part: Any = config
    *way, last = key.at or path.partition(",")[0].split(".")
    for step in way:
        part = part.setdefault(step, {})
    if value is ABSENT:
        part.pop(last, None)
    else:
        part[last] = value
    return config


def _plan(folder: Path, config: Config) -> Plan:
    checked = check_stack_file(write(folder, "prod", config))
    assert checked.config is not None, checked.problems
    return make_plan(checked)


def test_the_table_has_every_key_of_the_schema() -> None:
    keys = set(leaves(ScimConfig))
    assert set(KEYS) >= keys, keys - set(KEYS)
    assert set(HARMLESS) < keys


@pytest.mark.parametrize("path", [*KEYS, *MORE])
def test_a_change_is_a_risk_or_listed_as_harmless(path: str, tmp_path: Path) -> None:
    key = (KEYS | MORE)[path]
    plans = [_plan(tmp_path, written(key, path, value)) for value in (key.one, key.two)]
    for plan in plans:
        assert risks(compare(plan, plan, label="main")) == ()
    for way, (before, after) in {"there": plans, "back": plans[::-1]}.items():
        review = compare(before, after, label="main")
        assert not review.nothing_changes or path in HARMLESS, (path, way)
        found = risks(review)
        if path in HARMLESS or (path, way) in LESS:
            assert path not in HARMLESS or found == (), (path, way, found)
        else:
            assert found, (path, way)
