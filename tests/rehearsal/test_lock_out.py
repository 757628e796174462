"""The lock-out guard of the program: it counts on the live account, and refuses without a waiver."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo
from typing import Any

import httpx
import pytest

from cfscim.adopt.state import read_state
from cfscim.config.kinds import GROUPS
from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.config.policy.lock_out import Charge
from cfscim.config.roles import ROLES
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.preflight.answers import Answer
from cfscim.preflight.command import ask
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, OTHER_ACCOUNT, SUPER, config_object
from tests.scenarios import UNTIL, Config, Stage

pytestmark = pytest.mark.usefixtures("signed_in")

WAIVER = {"rule": "last-super-administrators", "until": UNTIL, "by": "g@example.com", "reason": "t"}
REMOVALS = [{"what": "everything", "until": UNTIL, "by": "g@example.com", "reason": "t"}]


@pytest.fixture
def stage(sandbox: Sandbox, admin: httpx.Client) -> Stage:
    """A stack with its people in place, and nobody in charge outside of SCIM."""
    return deployed(sandbox, admin, start())


def deployed(sandbox: Sandbox, admin: httpx.Client, config: Config) -> Stage:
    made = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    made.deploy(config)
    by_hand(sandbox, [])
    return made


def by_hand(sandbox: Sandbox, roles: list[str]) -> None:
    """The roles that owner@example.com has outside of SCIM."""
    state = sandbox.world.cloudflare
    for member in state.accounts[ACCOUNT].members.values():
        if member.user_id == state.operator.id:
            member.roles = roles


def start(kind: str = "entra", **keys: object) -> Config:
    return {**config_object(kind, **keys), "removals": REMOVALS}  # type: ignore[arg-type]


def _without(role: str) -> Config:
    roles: Any = start()["roles"]
    return {**start(), "roles": {name: given for name, given in roles.items() if name != role}}


def _with(members: list[str]) -> Config:
    return {**start(), "roles": {**start()["roles"], SUPER: {"members": members}}}


def _entra(**changed: object) -> Config:
    provider: Any = start()["identityProvider"]
    return {**start(), "identityProvider": {**provider, **changed}}


CLAUSE = {"attribute": "department", "operator": "EQUALS", "value": "Nobody"}


OTHER = config_object("okta")["identityProvider"]


@pytest.mark.parametrize(
    "change",
    [
        _without(SUPER),
        _with([]),
        _with(["ada@example.com"]),
        {**start(), "groupPrefix": "X "},
        {**start(), "groupPrefix": "super "},
        _entra(scope="filtered", userFilter=[CLAUSE]),
        {**start(), "identityProvider": {**OTHER, "apiIntegrationConfirmed": False}},  # type: ignore[dict-item]
        {**_with([]), "breakGlass": ["owner@example.com"]},
        {**start(), "account": {"id": OTHER_ACCOUNT, "name": "Other"}},
    ],
    ids=[
        *("dropped", "emptied", "all others", "renamed", "prefixed", "filtered"),
        *("another provider", "break-glass without the role", "another account"),
    ],
)
def test_the_last_super_administrators_are_not_taken_away(
    stage: Stage, admin: httpx.Client, change: Config
) -> None:
    before = _preflight(stage, change)
    with pytest.raises(ScimError, match="no Super Administrator would remain") as refused:
        stage.update(change)
    assert before.status == "problem"
    assert "(now: alan@example.com, grace@example.com)" in str(before.message)
    assert str(before.message) in str(refused.value), "one sentence, before and in the update"
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com", "alan@example.com"}
    waived = {**change, "waivers": [WAIVER]}
    assert _preflight(stage, waived).said.endswith("last-super-administrators is waived")
    stage.update(waived)


def test_one_who_stays_is_enough(stage: Stage, admin: httpx.Client) -> None:
    change = _with(["grace@example.com"])
    assert _preflight(stage, change).said.endswith(": grace@example.com")
    stage.update(change)
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com"}


def test_one_by_hand_is_enough(stage: Stage, sandbox: Sandbox) -> None:
    by_hand(sandbox, [SUPER])
    stage.update(_with([]))


US = {"name": "Us", "members": ["owner@example.com", "grace@example.com"]}


def _confirmed_no_more(config: Config) -> Config:
    provider = {**config["identityProvider"], "apiIntegrationConfirmed": False}
    return {**config, "identityProvider": provider}


def _in_the_directory(kind: str, config: Config) -> Config:
    """Who is in charge is the directory's business; nobody of before has the app any more."""
    provider = {**config["identityProvider"], "usersGroup": {**US, "members": []}}
    return {**config, "identityProvider": provider, "roles": {**config["roles"], SUPER: {}}}


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_who_is_suspended_or_no_longer_provisioned_does_not_count(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    admin.post("users", json={"email": "owner@example.com"}).raise_for_status()
    config = start(kind, provider={"usersGroup": US})
    stage = deployed(sandbox, admin, config)
    _suspend(sandbox, "grace@example.com")
    one = {**config, "roles": {**config["roles"], SUPER: {"members": ["grace@example.com"]}}}
    _refused(stage, one)
    by_hand(sandbox, [SUPER])
    _refused(stage, _in_the_directory(kind, config), "(now: alan@example.com, grace@example.com, o")
    if kind == "okta":
        # Its assignment goes, and Okta deactivates whom it unassigns.
        by_hand(sandbox, [])
        _refused(stage, _confirmed_no_more(config))
    stage.update({**one, "waivers": [WAIVER]})


def _refused(stage: Stage, change: Config, said: str = "") -> None:
    before = _preflight(stage, change)
    with pytest.raises(ScimError, match="no Super Administrator would remain") as refused:
        stage.update(change)
    assert said in str(refused.value)
    assert str(before.message) in str(refused.value)


def _suspend(sandbox: Sandbox, address: str) -> None:
    for user in sandbox.world.okta.users.values():
        if user.email == address:
            user.status = "SUSPENDED"
    for person in sandbox.world.entra.users.values():
        if person.properties["mail"] == address:
            person.properties["accountEnabled"] = False


def test_by_another_stack_of_the_account_is_enough_for_a_destroy(
    stage: Stage, sandbox: Sandbox
) -> None:
    groups = sandbox.world.cloudflare.accounts[ACCOUNT].user_groups
    [own] = [group for group in groups.values() if group.name == SUPER]
    other = own.model_copy(deep=True, update={"id": "e" * 32, "name": f"Another {SUPER}"})
    groups[other.id] = other
    stage.deployer.destroy()


def test_a_destroy_needs_somebody_outside_of_scim(stage: Stage, admin: httpx.Client) -> None:
    with pytest.raises(ScimError, match="no Super Administrator would remain"):
        stage.deployer.destroy()
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com", "alan@example.com"}
    stage.update({**start(), "waivers": [WAIVER]})
    stage.deployer.destroy()


def _preflight(stage: Stage, change: Config) -> Answer:
    """What preflight says of who would be in charge, with the state of the stack at hand."""
    file = StackFile("Pulumi.dev.yaml", "dev", change, {}, {})
    parsed = parse_config(change, stack="dev")
    state = read_state(stage.deployer.state())
    asked = ask(CheckedStack(file, parsed, ()), parsed, state, stage.deployer.environment)
    return next(one for one in asked if one.id == "cloudflare.lockOut")


def _in_charge(admin: httpx.Client) -> set[str]:
    members = admin.get("state").json()["cloudflare"]["members"]
    return {
        one["email"] for one in members if SUPER in one["roles"] and one["accountId"] == ACCOUNT
    }


def test_a_users_group_that_lists_people_limits_who_can_have_the_role() -> None:
    roles = {**start()["roles"], SUPER: {}}
    provider: Any = {
        **start()["identityProvider"],
        "usersGroup": {"name": "Us", "members": ["alan@example.com"]},
    }
    given = parse_config({**start(), "roles": roles, "identityProvider": provider}, stack="dev")
    assert Charge.of(given).users == {"alan@example.com", "ada@example.com"}, "and no other"


class _DayAfter(datetime):
    """The clock of the first day on which the removals no longer hold."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_DayAfter":
        year, month, day = map(int, UNTIL.split("-"))
        return cls(year, month, day, tzinfo=tz) + timedelta(days=1)


def test_nothing_goes_by_a_removal_whose_day_has_passed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    waived = {**start(), "waivers": [WAIVER]}
    stage.update(waived)
    with monkeypatch.context() as later:
        later.setattr("components.access_guard.datetime", _DayAfter)
        ended = rf"removals\[0\]: that of everything by g@example.com ended on {UNTIL}"
        with pytest.raises(ScimError, match=ended):
            stage.update(_without("Billing"))
        with pytest.raises(ScimError, match=ended):
            stage.deployer.destroy()
        assert _unprotected(stage), "nothing but an update protects again"
        stage.update({**start(), "removals": []})
        assert not _unprotected(stage)
    stage.update(waived)
    stage.deployer.destroy()


def _unprotected(stage: Stage) -> list[str]:
    state = read_state(stage.deployer.state())
    return [
        name
        for (type_, name), kept in state.resources.items()
        if type_ in GROUPS and not kept.protected
    ]


LONGER = "2028-06-30"
EACH = (*ROLES, "usersGroup", "application")
ENTRY = {"by": "g@example.com", "reason": "t"}


def _listed(ended: Collection[str], what: Collection[str] = EACH) -> Config:
    """One entry for each; those in `ended` end first."""
    removals = [{"what": one, "until": UNTIL if one in ended else LONGER, **ENTRY} for one in what]
    return {**start(), "removals": removals, "waivers": [{**WAIVER, "until": LONGER}]}


def _moving(until: str, entry: str) -> Config:
    """Both identity providers side by side, the former one unprotected by the move and the new one
    by the entry that gives it up."""
    to = {"groupPrefix": "Cloudflare ", "identityProvider": {**OTHER, **UNCONFIRMED}}  # type: ignore[dict-item]
    return {
        **_listed((), ()),
        "move": {"to": to, "until": until, **ENTRY},
        "removals": [{"what": "move", "until": entry, **ENTRY}],
    }


UNCONFIRMED = {"apiIntegrationConfirmed": False}


@pytest.mark.parametrize(
    ("config", "what"),
    [
        (_listed(EACH), [f"removals\\[{at}\\]: that of {one}" for at, one in enumerate(EACH)]),
        (_listed(["Billing"]), [r"removals\[2\]: that of Billing"]),
        (_listed(["Billing"], ["Billing", "everything"]), [r"removals\[0\]: that of Billing"]),
        (_moving(UNTIL, LONGER), ["move: that"]),
        (_moving(LONGER, UNTIL), [r"removals\[0\]: that of move"]),
    ],
    ids=["each", "one of all", "one beside everything", "a move", "a move given up"],
)
def test_a_destroy_takes_nothing_by_whatever_form_of_entry_has_ended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, config: Config, what: list[str]
) -> None:
    stage.update(config)
    before = _left(stage)
    with monkeypatch.context() as later:
        later.setattr("components.access_guard.datetime", _DayAfter)
        with pytest.raises(ScimError) as refused:
            stage.deployer.destroy()
    assert re.search(f"{what[0]} by g@example.com ended on {UNTIL}", str(refused.value))
    assert _left(stage) == before - {"entra-start"}, "nothing is taken, and the job pauses"
    stage.deployer.destroy()
    assert not _left(stage)


def _left(stage: Stage) -> set[str]:
    return {name for _, name in read_state(stage.deployer.state()).resources}
