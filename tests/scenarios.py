"""Everything that a stack goes through, as small changes of its config, and who has which role.

A scenario is a list of steps: a change of the config object as a pull request makes it, the part
of an administrator at the console, a provisioning cycle. `play` takes them on any deployer (the
rehearsal, the engine) while a `Sampler` looks at every state in between.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.roles import ROLES
from sandbox.server.server import Sandbox
from tests.adopt.adopting import adopt
from tests.configs import ACCOUNT, BOXES, config_object

Config = dict[str, Any]
ROLE_NAMES = frozenset(ROLES)
"""Without the access that every member of an account has."""
UNTIL = "2027-06-30"
_WHY = {"until": UNTIL, "by": "grace@example.com", "reason": "a move"}


@dataclass(frozen=True)
class Change:
    """A pull request: the config object from now on, and what it is called in the docs."""

    name: str
    config: Config


@dataclass(frozen=True)
class Console:
    """What an administrator does in the console of an Okta app, of the way in force or the next."""

    settings: Mapping[str, object] = field(default_factory=dict)
    of_next: bool = False


@dataclass(frozen=True)
class Cycle:
    """The identity provider's provisioning cycle."""


@dataclass(frozen=True)
class Destroy:
    """`pulumi destroy`."""


@dataclass(frozen=True)
class Adopt:
    """`adopt --import`; `lost`: of a set-up whose state is gone, or that was made by hand, and no
    token is deleted; else the twins that it lists go."""

    lost: bool = False


Step = Change | Console | Cycle | Destroy | Adopt


@dataclass(frozen=True)
class Scenario:
    """`start`: the config that is deployed, with everybody in place, before the first step."""

    name: str
    start: Config
    steps: tuple[Step, ...]

    @property
    def changes(self) -> list[Change]:
        """The pull requests alone."""
        return [step for step in self.steps if isinstance(step, Change)]


class Deployer(Protocol):
    """What the rehearsal and the engine have in common."""

    def update(self, config: Mapping[str, object]) -> dict[str, object]: ...
    def secret_output(self, name: str) -> str: ...


def stack_file(config: Config) -> dict[str, object]:
    """The `config` of a stack file."""
    return {CONFIG_KEY: config}


def moves(kind: str) -> Iterator[Scenario]:
    """The moves of docs/moves.md from a stack of this identity provider."""
    for model in ("userGroups", "virtualGroups"):
        start = config_object(kind, model, "account")
        to: Config = {"groupPrefix": "Cloudflare "}
        if model == "virtualGroups":
            to["roleModel"] = "userGroups"
        name = "prefix" if model == "userGroups" else "user-groups"
        yield Scenario(f"{name}-{kind}", start, tuple(_move(start, to)))
    yield provider_switch(kind)


def by_api(start: Config) -> Config:
    """The stack with Okta's provisioning settings made through its API, which this app has."""
    provider = {"kind": "okta", "orgName": "example", "apiIntegration": "api"}
    return {**start, "identityProvider": {**provider, "catalogApp": "zscalerbyz"}}


def _console(start: Config) -> bool:
    """Whether somebody has Okta's console to click in."""
    provider = start["identityProvider"]
    return provider["kind"] == "okta" and provider.get("apiIntegration") != "api"


def provider_switch(kind: str, *, api: bool = False) -> Scenario:
    """To the other identity provider, whose groups have names of their own in Cloudflare."""
    start: Config = config_object(kind)
    start = by_api(start) if api else start
    other = "entra" if kind == "okta" else "okta"
    provider = dict(config_object(other)["identityProvider"])  # type: ignore[arg-type]
    to: Config = {"groupPrefix": "Cloudflare ", "identityProvider": provider}
    if other == "entra":
        steps = [*_move(start, to)]
        if _console(start):
            # Okta would deactivate everybody when the assignment goes.
            steps.insert(2, Console({"deactivateUsers": False}))
    else:
        first = {**to, "identityProvider": {**provider, "apiIntegrationConfirmed": False}}
        steps = [
            Change("side by side", {**start, "move": {"to": first, **_WHY}}),
            Console(of_next=True),
            *_move(start, to, first="confirmed"),
        ]
    return Scenario(f"{kind}{'-api' * api}-to-{other}", start, tuple(steps))


def _move(start: Config, to: Config, first: str = "side by side") -> Iterator[Step]:
    yield Change(first, {**start, "move": {"to": to, **_WHY}})
    yield Cycle()
    yield Change("switch", {**start, "move": {"to": to, "switched": True, **_WHY}})
    yield Cycle()
    yield Change("clean up", {**start, **to})
    yield Cycle()


def given_up(move: Scenario) -> Scenario:
    """The move is taken back while both ways stand side by side."""
    entry = {"what": "move", "until": UNTIL, "by": "grace@example.com", "reason": "given up"}
    up_to = next(
        at
        for at, step in enumerate(move.steps)
        if isinstance(step, Change) and step.name == "switch"
    )
    # The app of the way that stays deactivates people as ever.
    steps = [step for step in move.steps[:up_to] if not isinstance(step, Console) or step.of_next]
    side_by_side = next(step.config for step in reversed(steps) if isinstance(step, Change))
    steps += [Change("allow it", {**side_by_side, "removals": [entry]}), Cycle()]
    if any(isinstance(step, Console) and step.of_next for step in steps):
        steps.append(Console({"deactivateUsers": False}, of_next=True))
    return Scenario(
        f"given-up-{move.name}", move.start, (*steps, Change("back", move.start), Cycle())
    )


def rotation(kind: str) -> Scenario:
    """Two tokens side by side until the new one was seen in use."""
    start = config_object(kind)
    token = {**start["token"]}  # type: ignore[dict-item]
    steps: list[Step] = [
        Change("a new token", {**start, "token": {**token, "keepPrevious": True, "rotation": "2"}}),
        Cycle(),
    ]
    if kind == "okta":
        steps += [Console(), Cycle()]
    steps += [
        Change("the previous one out", {**start, "token": {**token, "rotation": "2"}}),
        Cycle(),
    ]
    return Scenario(f"rotation-{kind}", start, tuple(steps))


def dropped_role(kind: str) -> Scenario:
    """Billing is dropped, which nobody has."""
    start = config_object(kind)
    entry = {"what": "Billing", "until": UNTIL, "by": "grace@example.com", "reason": "not used"}
    fewer = {name: given for name, given in start["roles"].items() if name != "Billing"}  # type: ignore[union-attr]
    return Scenario(
        f"dropped-role-{kind}",
        start,
        (
            Change("allow it", {**start, "removals": [entry]}),
            Cycle(),
            Change("take it out", {**start, "removals": [entry], "roles": fewer}),
            Cycle(),
            Change("protect again", {**start, "roles": fewer}),
            Cycle(),
        ),
    )


def leaving(kind: str, *, api: bool = False) -> Scenario:
    """Provisioning stops, people and groups stay; then all of the stack goes."""
    start: Config = config_object(kind)
    start = by_api(start) if api else start
    entry = {"what": "everything", "until": UNTIL, "by": "grace@example.com", "reason": "leaving"}
    stopped: Config = dict(start)
    steps: list[Step] = []
    if kind == "entra":
        stopped["identityProvider"] = {**start["identityProvider"], "start": False}
        steps += [Change("stop provisioning", stopped), Cycle()]
    steps += [Change("allow it", {**stopped, "removals": [entry]}), Cycle()]
    if _console(start):
        steps += [Console({"deactivateUsers": False}), Cycle()]
    steps += [Destroy(), Cycle()]
    return Scenario(f"leaving-{kind}{'-api' * api}", start, tuple(steps))


def adoption(kind: str) -> Scenario:
    """A whole set-up is taken over: its token is replaced, handed over, and ended last."""
    start = config_object(kind)
    steps: list[Step] = [Adopt(lost=True), Change("take it over", start), Cycle()]
    if kind == "okta":
        steps += [Console(), Cycle()]
    return Scenario(f"adoption-{kind}", start, (*steps, Adopt(), Change("again", start), Cycle()))


ADOPTIONS = (adoption("okta"), adoption("entra"))
SCENARIOS: tuple[Scenario, ...] = (
    *(
        scenario
        for kind in ("okta", "entra")
        for scenario in (*moves(kind), rotation(kind), dropped_role(kind), leaving(kind))
    ),
    *(given_up(move) for move in (*moves("okta"), provider_switch("entra"))),
    provider_switch("okta", api=True),
    leaving("okta", api=True),
)


def granted(config: Config) -> dict[str, set[str]]:
    """Who is to have which role by a config object."""
    found: dict[str, set[str]] = {}
    for role, given in config["roles"].items():
        for person in given.get("members") or ():
            found.setdefault(person, set()).add(role)
    return found


class Sampler:
    """Looks at who has which role after every write, and every two milliseconds besides.

    `expected`: who must have what. `wrong` collects each state in which somebody lacks a role, or
    somebody of the config has one too many; `looks` counts.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = sandbox.world
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.expected: dict[str, set[str]] = {}
        self.wrong: list[str] = []
        self.looks = 0

    @contextmanager
    def running(self) -> Iterator["Sampler"]:
        """Looks while the block runs."""
        original = self._world.changed.set
        thread = threading.Thread(target=self._every_few_milliseconds)

        def looked_at() -> None:
            original()
            self.look()

        self._world.changed.set = looked_at  # type: ignore[method-assign]
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()
            self._world.changed.set = original  # type: ignore[method-assign]
        self.look()

    def look(self) -> None:
        """One look at the account."""
        with self._world.locked("cloudflare"):
            state = self._world.cloudflare
            account = state.accounts[ACCOUNT]
            found = {
                state.users[member.user_id].email: set(state.effective_roles(account, member))
                & ROLE_NAMES
                for member in account.members.values()
                if member.status == "accepted" and member.user_id != state.operator.id
            }
        with self._lock:
            self.looks += 1
            self._judge(found)

    def _judge(self, found: dict[str, set[str]]) -> None:
        for person in {*self.expected, *found}:
            has, should = found.get(person, set()), self.expected.get(person, set())
            if has != should:
                line = f"{person} has {sorted(has)}, and should have {sorted(should)}"
                if line not in self.wrong:
                    self.wrong.append(line)

    def _every_few_milliseconds(self) -> None:
        while not self._ended.wait(0.002):
            self.look()


@dataclass
class Stage:
    """A deployed stack on a sandbox: what the steps of a scenario are taken on. `anew`: a deployer
    without a state."""

    deployer: Any
    admin: httpx.Client
    outputs: dict[str, Any] = field(default_factory=dict)
    anew: Callable[[], Any] | None = None
    config: Config = field(default_factory=dict)

    def deploy(self, start: Config) -> None:
        """The start of a scenario: everybody has the roles of the config."""
        if start["roleModel"] == "virtualGroups":
            self._post(f"cloudflare/accounts/{ACCOUNT}", {"virtualGroups": True})
        provider = start["identityProvider"]
        if _console(start):
            unconfirmed = {**provider, "apiIntegrationConfirmed": False}
            self.update({**start, "identityProvider": unconfirmed})
            self.console(Console())
        self.update(start)
        self._post("cycle", {})

    def take(self, step: Step) -> None:
        """One step. Raises `ScimError` where an update is refused."""
        if isinstance(step, Change):
            self.update(step.config)
        elif isinstance(step, Console):
            self.console(step)
        elif isinstance(step, Cycle):
            self._post("cycle", {})
        elif isinstance(step, Adopt):
            self.adopt(step)
        else:
            self.deployer.destroy()

    def adopt(self, step: Adopt) -> None:
        """Everything that the config declares is taken over by the state."""
        kept: list[str] = []
        if step.lost:
            assert self.anew is not None
            self.deployer = self.anew()
            kept = [one["id"] for one in self.admin.get("state").json()["cloudflare"]["tokens"]]
        adopt(self.deployer, "dev", stack_file(self.config), kept=kept)

    def update(self, config: Config) -> None:
        self.config = config
        self.outputs = self.deployer.update(stack_file(config))

    def console(self, step: Console) -> None:
        outputs = self.outputs["next"] if step.of_next else self.outputs
        settings = {
            "baseUrl": self.outputs["scimBaseUrl"],
            "token": self.deployer.secret_output("tokenValue"),
            "boxes": BOXES,
        }
        self._post(f"console/okta/{outputs['applicationId']}", {**settings, **step.settings})

    def _post(self, path: str, body: object) -> None:
        self.admin.post(path, json=body).raise_for_status()


def play(
    scenario: Scenario,
    stage: Stage,
    sampler: Sampler,
    after: Callable[[Step], None] = lambda _step: None,
) -> None:
    """The whole scenario under the sampler's eyes; `after` hears each step that was taken."""
    stage.deploy(scenario.start)
    sampler.expected = granted(scenario.start)
    with sampler.running():
        for step in scenario.steps:
            stage.take(step)
            after(step)


def names(scenarios: Sequence[Scenario]) -> list[str]:
    """For `ids` of pytest."""
    return [scenario.name for scenario in scenarios]
