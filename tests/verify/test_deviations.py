"""Whatever differs is found and named, and its advice ends: carried out, the line holds.

Every deviation is made on its own; what verify prints is followed line by line, commands with the
rehearsal, which reads and writes as the providers do. Then each line holds, and no other fails.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from cfscim.config.messages import ScimError
from cfscim.config.roles import Role
from cfscim.rehearsal import Rehearsal
from cfscim.verify import Report, Status
from cfscim.verify.actions import Act
from cfscim.verify.entra_person import provision
from sandbox.cloudflare.api import iam
from sandbox.cloudflare.catalog import ROLES
from tests.configs import ACCOUNT
from tests.verify.carry_out import EXECUTORS, Hands, in_turn
from tests.verify.verify_base import ENTRA, OKTA, OKTA_API, SECOND, Bases, Combination, Deviation
from tests.verify.verify_cloudflare_deviations import CLOUDFLARE
from tests.verify.verify_entra_deviations import ENTRA_DEVIATIONS, user
from tests.verify.verify_okta_deviations import OKTA_DEVIATIONS
from tests.verify.verify_sites import Sites
from tests.verify.verify_support import failing, show
from tests.verify.verify_undeclared_ways import WAYS, Way, another, blocked, leave, left_in_virtual

pytestmark = pytest.mark.usefixtures("signed_in")

CASES = [*CLOUDFLARE, *OKTA_DEVIATIONS, *ENTRA_DEVIATIONS, *WAYS]
ROUNDS = 3
"""Putting one thing right may show the next, as a group made anew that lacks its members."""

LINES: Counter[str] = Counter()
KINDS: Counter[Act] = Counter()


@pytest.fixture(scope="module", autouse=True)
def sites() -> Iterator[Sites]:
    """Where every line of this file's reports was written."""
    with pytest.MonkeyPatch.context() as patch:
        yield Sites(patch)


def test_every_kind_has_an_executor() -> None:
    assert set(EXECUTORS) == set(Act)


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.stack[0]}: {one.name}")
def test_it_is_found_and_its_advice_ends(bases: Bases, case: Deviation | Way) -> None:
    hands = Hands(bases, case.stack, case.made(bases))
    first = report = hands.verify()
    LINES["cases"] += 1
    case.found_by(report)
    assert report.exit_code == 1
    for _ in range(ROUNDS):
        report = follow(hands, report)
        if not failing(report):
            break
    assert failing(report) == {}, f"{show(first)}\n\nstill:\n{show(report)}"


def follow(hands: Hands, report: Report) -> Report:
    """Carries out what every line that does not hold advises; each of them holds afterwards."""
    advised = failing(report)
    assert all(check.actions for check in advised.values()), show(report)
    assert all(check.link.startswith("https://") for check in advised.values())
    open_ = {check.id for check in report.checks if check.status is not Status.HOLDS}
    for action in in_turn(advised.values()):
        KINDS[action.kind] += 1
        assert action.kind is not Act.SEE or {*action.about} <= open_, action
        hands.do(action)
    after = hands.verify()
    found = {check.id: check for check in after.checks}
    LINES["carried out"] += len(advised)
    for id_, check in advised.items():
        held = found[id_].status is not Status.FAILS if id_ in found else True
        LINES["held"] += held
        assert held, f"{check.found}: {check.action}\n{show(after)}"
    return after


@dataclass(frozen=True)
class Open:
    """Lines that are no failure: what is not there yet, and what cannot be known. `check` is one of
    them; after its advice it holds, or, where nobody can tell from outside, stays as it is."""

    name: str
    stack: Combination
    change: Callable[[Hands], object]
    check: str
    kind: Act
    ends: Status = Status.HOLDS


def _set_up(hands: Hands, *, confirmed: bool = True) -> None:
    """The stack from its beginning, before any cycle."""
    hands.world.reset()
    hands.rehearsal = Rehearsal("dev", hands.env, progress=lambda _line: None)
    hands.give_role(SECOND, Role.SUPER_ADMINISTRATOR.value)
    if hands.combination[0] == "okta":
        hands.config("identityProvider.apiIntegrationConfirmed", "false")
    hands.update()
    if confirmed and hands.combination[0] == "okta":
        hands.confirm()


def _refuse(path: str) -> Callable[[Hands], object]:
    fault = {"kind": "403", "path": path, "times": None}
    return lambda hands: hands.world.faults.add([fault])


def _not_started(hands: Hands) -> None:
    _set_up(hands)
    hands.config("identityProvider.start", "false")
    hands.update()


OPEN = [
    Open(
        "fewer permissions",
        ENTRA,
        lambda hands: setattr(hands.world.entra, "roles", ["User.Read.All"]),
        "entra.credentials",
        Act.GRANT,
    ),
    Open("no right to read", OKTA, _refuse("/api/v1/groups/.*"), "okta.group.billing", Act.GRANT),
    Open(
        "credentials refused",
        OKTA,
        lambda hands: hands.env.update(OKTA_API_TOKEN="00" + "x" * 40),
        "okta.app.active",
        Act.VENDOR,
    ),
    Open(
        "no such role in the account",
        ENTRA,
        lambda _hands: setattr(iam, "ROLES", [one for one in ROLES if one.name != "Billing"]),
        "cloudflare.policy.billing",
        Act.CLOUDFLARE_ASK,
    ),
    Open("never delivered", OKTA, _set_up, "cloudflare.members.administrator", Act.WAIT),
    Open("never delivered", ENTRA, _set_up, "cloudflare.members.administrator", Act.WAIT),
    Open("not started", ENTRA, _not_started, "cloudflare.members.administrator", Act.CONFIG),
    Open(
        "not handed over",
        OKTA,
        Hands.rotate,
        "cloudflare.token.used",
        Act.HAND_OVER,
    ),
    Open("no API", OKTA, lambda _hands: None, "okta.importGroups", Act.LOOK, ends=Status.UNKNOWN),
]


@pytest.mark.parametrize("case", OPEN, ids=lambda one: f"{one.stack[0]}: {one.name}")
def test_what_is_open_ends_too(bases: Bases, case: Open) -> None:
    hands = Hands(bases, case.stack, bases.stack(case.stack))
    case.change(hands)
    report = hands.verify()
    assert failing(report) == {}, show(report)
    [check] = [one for one in report.checks if one.id == case.check]
    assert check.status in (Status.UNKNOWN, Status.NOT_YET)
    assert case.kind in {action.kind for action in check.actions}
    for action in check.actions:
        KINDS[action.kind] += 1
        hands.do(action)
    if case.stack == ENTRA:
        hands.wait()
    report = hands.verify()
    [after] = [one for one in report.checks if one.id == case.check]
    assert after.status is case.ends, show(report)


def test_the_first_state_ends_with_its_one_line(bases: Bases) -> None:
    hands = Hands(bases, OKTA, bases.stack(OKTA))
    _set_up(hands, confirmed=False)
    [line] = [one for one in hands.verify().checks if one.status is Status.NOT_YET]
    for action in line.actions:
        KINDS[action.kind] += 1
        hands.do(action)
    hands.wait()
    assert {one.status for one in hands.verify().checks} == {Status.HOLDS, Status.UNKNOWN}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("status", "disabled", "disabled"),
        ("not_before", "2099-01-01T00:00:00Z", "not valid before 2099-01-01"),
    ],
)
def test_a_token_that_these_credentials_may_not_read(
    bases: Bases, field: str, value: str, words: str
) -> None:
    hands = Hands(bases, OKTA, bases.stack(OKTA))
    [token] = hands.world.cloudflare.tokens.values()
    setattr(token, field, value)
    fault = {"kind": "403", "method": "GET", "path": ".*/tokens/[0-9a-f]+", "times": None}
    hands.world.faults.add([fault])
    report = hands.verify()
    assert words in failing(report)["cloudflare.token.valid"].found
    assert failing(follow(hands, report)) == {}


def test_a_token_that_okta_was_given_by_api_and_has_not_used(bases: Bases) -> None:
    """Nobody changes anything meanwhile, and Okta pushes what changes only."""
    hands = Hands(bases, OKTA_API, bases.stack(OKTA_API))
    hands.rotate()
    hands.wait()
    [used] = [one for one in hands.verify().checks if one.id == "cloudflare.token.used"]
    assert [action.kind for action in used.actions] == [Act.WAIT]
    hands.world.cloudflare.tokens[hands.stack.outputs.token_id].issued_on = "2026-01-01T00:00:00Z"
    report = hands.verify()
    assert set(failing(report)) == {"cloudflare.token.used"}, show(report)
    assert failing(follow(hands, report)) == {}


def test_confirmed_and_not_updated_since(bases: Bases) -> None:
    hands = Hands(bases, OKTA, bases.stack(OKTA))
    _set_up(hands, confirmed=False)
    hands.connect()
    hands.config("identityProvider.apiIntegrationConfirmed", "true")
    report = hands.verify()
    assert failing(report)["okta.push.billing"].found == "not pushed"
    for _ in range(ROUNDS):
        report = follow(hands, report)
    assert failing(report) == {}, show(report)


def test_a_new_label_that_costs_the_app_its_settings(bases: Bases) -> None:
    hands = Hands(bases, OKTA, bases.stack(OKTA))
    hands.app().loses_settings = True
    hands.config("identityProvider.appLabel", "Another label")
    with contextlib.suppress(ScimError):  # the gate stops there
        hands.update()
    report = hands.verify()
    assert {"okta.features.GROUP_PUSH", "okta.features.PUSH_NEW_USERS"} <= set(failing(report))
    for _ in range(ROUNDS):
        report = follow(hands, report)
    assert failing(report) == {}, show(report)
    hands.update()


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_the_stack_file_names_another_account(bases: Bases, stack: Combination) -> None:
    hands = Hands(bases, stack, bases.stack(stack).written("account.id", "f" * 32))
    report = hands.verify()
    [check] = report.checks
    assert f"the stack was made for account {ACCOUNT}" in check.found
    assert failing(follow(hands, report)) == {}, show(report)


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
@pytest.mark.parametrize("model", ["userGroups", "virtualGroups"])
def test_what_a_move_leaves_behind_ends_by_its_advice(
    bases: Bases, stack: Combination, model: str
) -> None:
    """After the switch: a policy of an old User Group, or somebody in an old virtual group."""
    made = bases.stack(stack if model == "userGroups" else (stack[0], model, stack[2]))
    to = {"groupPrefix": "Cloudflare "}
    to |= {"roleModel": "userGroups"} if model == "virtualGroups" else {}
    move = {"to": to, "until": "2099-12-31", "by": "grace@example.com", "reason": "a move"}
    hands = Hands(bases, stack, made)
    hands.scim["roles"]["Billing"] = {"members": ["katherine@example.com"]}
    for switched in (False, True):
        hands.scim["move"] = {**move, "switched": switched}
        hands.update()
        hands.wait()
    assert failing(hands.verify()) == {}
    if model == "userGroups":
        another("Billing", "Billing", "edsger@example.com")(hands.world)
    else:
        left_in_virtual(hands.world, Role.BILLING, "edsger@example.com")
    check = failing(hands.verify())["cloudflare.former"]
    assert "Billing" in check.found
    assert failing(follow(hands, hands.verify())) == {}


def test_credentials_of_another_organisation(bases: Bases) -> None:
    stack = bases.stack(OKTA).written("identityProvider.orgName", "other")
    report = follow(Hands(bases, OKTA, stack), stack.verify())
    assert failing(report) == {}, show(report)


def test_a_job_that_runs_although_it_should_not(bases: Bases) -> None:
    stack = bases.stack(ENTRA).written("identityProvider.start", False)
    report = follow(Hands(bases, ENTRA, stack), stack.verify())
    assert failing(report) == {}, show(report)


@pytest.mark.parametrize(
    "person", ["without an address", "refused once", "gone", "disabled", "in no group"]
)
def test_one_person_on_demand(bases: Bases, person: str) -> None:
    hands = Hands(bases, ENTRA, bases.stack(ENTRA))
    if person == "refused once":
        user(hands.world, "ada").properties["surname"] = "King"
        fault = {"kind": "403", "method": "PATCH", "path": ".*/scim/v2/Users/.*", "times": 1}
        hands.world.faults.add([fault])
    elif person == "without an address":
        user(hands.world, "ada").properties["mail"] = None
    elif person == "disabled":
        user(hands.world, "ada").properties["accountEnabled"] = False
    elif person == "in no group":
        ada = user(hands.world, "ada").id
        for group in hands.world.entra.groups.values():
            group.members = [member for member in group.members if member != ada]
    if person in ("without an address", "gone"):
        leave("ada@example.com")(hands.world)
    for _ in range(ROUNDS):
        report = provision(
            hands.stack.config, hands.stack.outputs, {}, hands.env, "ada@example.com"
        )
        for check in failing(report).values():
            for action in check.actions:
                KINDS[action.kind] += 1
                hands.do(action)
    assert failing(report) == {}, show(report)


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_a_person_who_was_suspended_may_also_come_back(bases: Bases, stack: Combination) -> None:
    hands = Hands(bases, stack, bases.stack(stack))
    blocked(stack[0])(hands.world)
    check = failing(hands.verify())["cloudflare.members.administrator"]
    assert "or let the person in again" in check.action
    hands.let_in("ada@example.com")
    assert failing(hands.verify()) == {}


def test_every_line_was_carried_out_and_every_kind(sites: Sites) -> None:
    """Runs last in this file."""
    print(f"{LINES['held']} of {LINES['carried out']} lines held after their advice: {KINDS}")
    assert LINES["held"] == LINES["carried out"]
    if LINES["cases"] == len(CASES):
        assert set(KINDS) == set(Act)
        assert sites.unseen() == []
