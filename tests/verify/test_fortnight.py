"""Fourteen simulated days: `verify` says `not yet` exactly while a cycle or a hand is still due."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from types import MappingProxyType

import pytest

from cfscim.config.models import parse_config
from cfscim.config.roles import Role
from cfscim.verify import Report, Status, parse_outputs, run
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.loopback import plain_client
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal
from tests.verify.verify_support import KEY, show

DAYS = 14
BOUND = timedelta(minutes=60)
CYCLE = timedelta(minutes=40)
PEOPLE = [f"{name}@example.com" for name in ("ada", "alan", "grace", "katherine", "edsger")]
CHANGING = ("Administrator", "Administrator Read Only", "Billing")
TOKEN = "cloudflare.token.used"
_CLOCKS = (
    "cloudflare.models",
    "cloudflare.api.tokens",
    "cloudflare.api.audit",
    "cloudflare.signin",
    "okta.models",
    "okta.api.log",
    "entra.models",
    "entra.api.directory",
)


class Clock(datetime):
    """The sandbox's clock: it stands still, but for `moment`."""

    moment = datetime(2026, 3, 2, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return cls.moment.astimezone(tz)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every stamp of the sandbox is of the simulated time."""
    for module in _CLOCKS:
        monkeypatch.setattr(f"sandbox.{module}.datetime", Clock)
    start = Clock.moment
    yield
    Clock.moment = start


@pytest.fixture
def in_process(sandbox: Sandbox, signed_in: None) -> None:
    """The sandbox answers without sockets, and signing in to Entra costs nothing."""
    sandbox.world.okta.late.member_seconds = 0  # the simulated days have no seconds


class Fortnight:
    """One stack, and the truth about it: who is declared, who was delivered, since when it differs.

    `changed`: role and person -> when it last changed whether the person has it; `issued`: when
    the token was made that nobody has used yet, None where it was used. `token`, `provider`: what
    else the stack file has of them.
    """

    token: Mapping[str, object] = MappingProxyType({})
    provider: Mapping[str, object] = MappingProxyType({})

    def __init__(self, sandbox: Sandbox, kind: str, seed: int) -> None:
        self.sandbox, self.kind = sandbox, kind
        self.random = Random(seed)
        self.stack = rehearsal(sandbox)
        self.declared = {role: {PEOPLE[0]} for role in CHANGING}
        self.declared["Super Administrator - All Privileges"] = {PEOPLE[1], PEOPLE[2]}
        self.delivered: dict[str, set[str]] = {role: set() for role in self.declared}
        self.changed: dict[tuple[str, str], datetime] = {}
        self.rotation = 1
        self.issued: datetime | None = None
        self.seen: dict[int, int] = {0: 0, 1: 0, 4: 0}
        base = f"{sandbox.admin}/_sandbox/"
        self.admin = plain_client(base_url=base, timeout=60)
        every = [(role, person) for role, people in self.declared.items() for person in people]
        self.update(*every, confirmed=False)
        if kind == "okta":
            self.paste()
            self.update(*every)

    def update(self, *changed: tuple[str, str], confirmed: bool = True) -> None:
        by_hand = self.kind == "okta" and not self.by_api
        okta = {"apiIntegrationConfirmed": confirmed} if by_hand else {}
        # With Okta the previous token stays until somebody has handed the new one over.
        kept = {"keepPrevious": True} if self.kind == "okta" else {}
        token = {"rotation": str(self.rotation), **kept, **self.token}
        owner = str(token.pop("owner", "account"))
        given = {**okta, **self.provider}
        self.given = stack_config(
            self.kind,
            owner=owner,
            roles=self.roles(),
            token=token,
            **given,  # type: ignore[arg-type]
        )
        scim = self.given[KEY]
        assert isinstance(scim, dict)
        scim["breakGlass"] = ["owner@example.com"]
        self.result = self.stack.update(self.given)
        self.updated = Clock.moment
        self.changed |= dict.fromkeys(changed, Clock.moment)

    @property
    def by_api(self) -> bool:
        """Whether Okta is given the token by its API, without trying it."""
        return self.provider.get("apiIntegration") == "api"

    def roles(self) -> Mapping[str, list[str] | None]:
        """The roles as the stack file has them."""
        return {role: sorted(people) for role, people in self.declared.items()}

    def grant_or_remove(self) -> None:
        role = self.random.choice(CHANGING)
        before = set(self.declared[role])
        self.declared[role] ^= {self.random.choice(PEOPLE)}
        if not self.declared[role]:
            self.declared[role] = {PEOPLE[3]}
        self.update(*((role, person) for person in before ^ self.declared[role]))

    def rotate(self) -> None:
        """With Entra the update hands the token over, with Okta a person does."""
        self.rotation += 1
        self.issued = Clock.moment
        self.update()
        if self.kind == "entra":
            self.issued = None

    def paste(self) -> None:
        if not self.by_api:
            do_console_steps(self.admin, self.result)
            self.issued = None

    def cycle(self) -> None:
        self.admin.post("cycle").raise_for_status()
        self.delivered = {role: set(people) for role, people in self.declared.items()}

    def waiting(self) -> dict[str, datetime]:
        """The check of everything that is not there, with the moment by which it has to be."""
        found = {}
        for role, people in self.declared.items():
            since = [self.changed[role, person] for person in people ^ self.delivered[role]]
            if since:
                # Each person's membership is dated, by the System Log or by the audit log.
                first = min(since)
                found[f"cloudflare.members.{Role(role).slug}"] = first + BOUND
        return found | ({TOKEN: self.issued + BOUND} if self.issued else {})

    def verify(self) -> None:
        """Holds every status of `verify` to the truth of this moment."""
        now, waiting, report = Clock.moment, self.waiting(), self._report()
        late = {id_ for id_, by in waiting.items() if by <= now}
        truth = 1 if late else 4 if waiting else 0
        assert report.exit_code == truth, f"{now}, {waiting}:\n{show(report)}"
        for check in report.checks:
            if check.id in waiting:
                wanted = Status.FAILS if check.id in late else Status.NOT_YET
                assert check.status is wanted, f"{now}, {waiting}:\n{show(report)}"
            elif check.id == TOKEN or check.id.startswith("cloudflare.members."):
                assert check.status is Status.HOLDS, f"{now}, {waiting}:\n{show(report)}"
            if check.status is Status.NOT_YET:
                assert check.by is not None
                assert now < check.by <= max(waiting.values()), check
        self.seen[truth] += 1

    def _report(self) -> Report:
        assert self.result.token_value is not None
        value = self.result.token_value.get_secret_value()
        config = parse_config(self.given[KEY], stack="dev")
        printed = json.loads(json.dumps({**self.result.outputs, "tokenValue": value}))
        outputs = parse_outputs(printed, config, source="the rehearsal")
        return run(
            config,
            outputs,
            {},
            self.sandbox.env,
            lambda _line: None,
            now=Clock.moment,
            updated=self.updated,
        )

    def day(self, midnight: datetime, *, somebody: bool, still: bool) -> None:
        """One day. `somebody`: is at the console; `still`: the vendor's cycles stand still."""
        self._until(midnight + timedelta(hours=self.random.randint(6, 9)))
        self.verify()
        if not somebody:
            return
        self._change(people=still)
        self.follow(still=still)
        if self.issued and self.random.random() < 0.5:
            self.paste()
            self.verify()

    def _change(self, *, people: bool) -> None:
        """A grant or a removal; where `people` is false, also a new token."""
        # A token that nobody handed over is not replaced again: that would end the kept token.
        if not people and self.issued is None and self.random.random() < 0.4:
            self.rotate()
        else:
            self.grant_or_remove()

    def follow(self, *, still: bool) -> None:
        """What is seen after an update, before and after the cycle that delivers it."""
        began = Clock.moment
        delay = self.random.randint(90, 300) if still else self.random.randint(4, 39)
        again = self.random.randint(1, 39 if still else delay - 2)
        moments = {0, again, 59, 60, again + 60, delay - 1} if still else {0, delay - 1}
        if self.random.random() < 0.5:
            moments |= {again}
        else:
            again = -1
        for minutes in sorted(one for one in moments if one < delay):
            Clock.moment = began + timedelta(minutes=minutes)
            if minutes == again:
                # With Entra a new token is handed over at once, and moves nobody's time either.
                self._change(people=still and self.kind == "okta")
            if self.waiting() or minutes in (0, again):
                self.verify()
        Clock.moment = began + timedelta(minutes=delay)
        self.cycle()
        Clock.moment += timedelta(minutes=1)
        self.verify()

    def _until(self, moment: datetime) -> None:
        """The cycles in which nothing happens; the last of them is enough."""
        idle = (moment - Clock.moment) // CYCLE
        if idle > 0:
            Clock.moment += idle * CYCLE
            self.cycle()
        Clock.moment = max(Clock.moment + timedelta(minutes=1), moment)


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_fortnight_is_never_red_or_green_where_the_truth_is_not_yet(
    sandbox: Sandbox, in_process: None, kind: str
) -> None:
    first = Clock.moment
    fortnight = Fortnight(sandbox, kind, seed=14)
    fortnight.follow(still=False)
    for day in range(DAYS):
        midnight = first + timedelta(days=day)
        fortnight.day(midnight, somebody=day % 7 < 5, still=day % 3 == 1)
    fortnight.admin.close()
    assert fortnight.rotation > 1
    assert min(fortnight.seen.values()) >= 5, fortnight.seen
