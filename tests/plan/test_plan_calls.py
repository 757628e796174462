"""The calls that a plan foretells are those that the sandbox's request log shows of an update."""

from collections import Counter
from collections.abc import Mapping

import httpx
import pytest

from cfscim.config.calls import BUCKETS, Asked, Calls, calls
from cfscim.config.kinds import OKTA_GATE, TOKEN_WATCH
from cfscim.config.messages import CONFIG_KEY
from cfscim.plan.model import declare
from cfscim.program.registrations import Registration
from cfscim.rehearsal import Rehearsal
from cfscim.vendors.okta.checks import CHECKS
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, COMBINATIONS, config_object
from tests.plan.plan_kit import bucket_of
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal

pytestmark = pytest.mark.usefixtures("no_sockets")

READS = ("GET", "HEAD")
# The provider renames a new group twice to see that it is everywhere; the rehearsal does not.
RENAMES = 2


def asked(resources: list[Registration]) -> list[Asked]:
    return [(one.type, one.inputs) for one in resources if one.custom]


def foretold(config: Mapping[str, object], *without: str) -> dict[str, Calls]:
    """By bucket; `without`: the resources that exist already."""
    declared = declare("dev", config)
    new = [one for one in declared.resources if one.name not in {*without} - {TOKEN_WATCH}]
    return {
        next(key for key, bucket in BUCKETS.items() if bucket == one.bucket): one
        for one in calls(asked(new), declared.lookups)
    }


def seen(sandbox: Sandbox, *, writes: bool) -> Counter[str]:
    """The calls in the sandbox's log by bucket."""
    found: Counter[str] = Counter()
    for entry in sandbox.world.log.entries():
        bucket = bucket_of(str(entry["method"]), str(entry["path"]))
        if bucket is not None and (entry["method"] not in READS) is writes:
            found[bucket] += 1
    return found


def compared(
    sandbox: Sandbox, stack: Rehearsal, config: Mapping[str, object], *without: str
) -> None:
    sandbox.world.log.clear()
    declared = stack.update(config).declared.resources
    figures = foretold(config, *without)
    renames = RENAMES * sum(one.type == "azuread:index/group:Group" for one in declared)
    written = seen(sandbox, writes=True)
    if "graph writes" in figures:
        written["graph writes"] += renames
    assert written == Counter({k: one.first.writes for k, one in figures.items()})
    for key, number in seen(sandbox, writes=False).items():
        # A watch over the token that is there already asks once.
        assert number <= figures[key].first.reads + bool(without), key
    sandbox.world.log.clear()
    stack.update(config)
    assert not seen(sandbox, writes=True)
    for key, number in seen(sandbox, writes=False).items():
        assert number == figures[key].unchanged, key


@pytest.mark.parametrize(("kind", "model", "owner"), COMBINATIONS)
def test_the_figures_are_those_of_a_rehearsal(
    sandbox: Sandbox, admin: httpx.Client, kind: str, model: str, owner: str
) -> None:
    if model == "virtualGroups":
        admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"virtualGroups": True})
    stack, content = rehearsal(sandbox), config_object(kind, model, owner)
    if kind == "entra":
        compared(sandbox, stack, {CONFIG_KEY: content})
        return
    provider = content["identityProvider"]
    first = {**content, "identityProvider": {**provider, "apiIntegrationConfirmed": False}}  # type: ignore[dict-item]
    compared(sandbox, stack, {CONFIG_KEY: first})
    there = stack.update({CONFIG_KEY: first})
    do_console_steps(admin, there)
    names = [one.name for one in there.declared.resources]
    compared(sandbox, stack, {CONFIG_KEY: content}, *names)


def test_every_kind_is_counted_where_okta_is_set_up_by_api() -> None:
    content = config_object()
    content["identityProvider"] = {"kind": "okta", "orgName": "example", "apiIntegration": "api"}
    figures = foretold({CONFIG_KEY: content})
    assert figures["okta apps"].first.writes == 2 + 3 + 1 + 4


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_refresh_of_five_hundred_people_takes_a_quarter_at_most(kind: str) -> None:
    people = [f"person-{number}@example.com" for number in range(500)]
    content = config_object(kind)
    content["roles"] = {"Administrator": {"members": people}}
    content["identityProvider"] = {
        **content["identityProvider"],  # type: ignore[dict-item]
        "usersGroup": {"members": people},
    }
    for one in foretold({CONFIG_KEY: content}).values():
        assert one.refresh <= one.bucket.allowed * 60 / one.bucket.seconds / 4, one


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/api/v1/apps/0oa1", "/api/v1/apps/{id}"),
        ("POST", "/api/v1/apps", "/api/v1/apps"),
        ("PUT", "/api/v1/apps/0oa1/groups/00g1", "/api/v1/apps"),
        ("GET", "/api/v1/groups/00g1", "/api/v1/groups/{id}"),
        ("PUT", "/api/v1/groups/00g1/users/00u1", "/api/v1/groups"),
        ("GET", "/api/v1/users", "/api/v1/users"),
        ("GET", "/api/v1/users/me", "/api/v1/users/{id}"),
        ("GET", "/api/v1/users/00u1/groups", "/api/v1, all other"),
        ("GET", "/api/v1/policies", "/api/v1, all other"),
        ("GET", "/client/v4/user", "all of one user"),
        ("GET", "/v1.0/users", "reads"),
        ("PATCH", "/beta/groups/1", "writes"),
    ],
)
def test_a_call_counts_where_the_vendor_counts_it(method: str, path: str, counted: str) -> None:
    bucket = bucket_of(method, path)
    assert bucket is not None
    assert BUCKETS[bucket].name == counted


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/t/oauth2/v2.0/token"), ("GET", "/client/v4/accounts/a/scim/v2/Users")],
)
def test_what_is_no_part_of_an_update_counts_nowhere(method: str, path: str) -> None:
    assert bucket_of(method, path) is None


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_of_the_gate_is_counted(check: str) -> None:
    """A stack that leaves Okta has checks of its own."""
    gate: Asked = (OKTA_GATE, {"check": check})
    assert calls([gate], [])
