"""Random histories of deployments: whoever approves has seen every grant that the approval carries
out, and never lets more people go in one step than `removal-share` allows.

GitHub, the stacks' states and git are small models here; what decides is the pipelines' own code:
`verified_commit`, `due`, `must_be_tip`, `confirm`, `record`. The commands around it are executed in
test_workflows_deploy.py.
"""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from cfscim.gitops import deployed
from cfscim.gitops.approval import must_be_tip
from cfscim.gitops.deployed import Due
from cfscim.gitops.shell import Json, Stop

STACKS = ("eu", "lab", "us")
PEOPLE = [f"p{number}@example.com" for number in range(12)]
SHARE = 0.3
HISTORIES = 240
EVENTS = 24
Members = Mapping[str, frozenset[str]]


@dataclass
class Deployment:
    """A job that waits for the environment of its stack, with what its approver was shown."""

    number: int
    commit: str
    due: Due
    states: list[str] = field(default_factory=lambda: ["waiting"])


@dataclass
class World:
    """A repository, GitHub's deployments, each stack's own record and what the vendors have."""

    commits: dict[str, Members] = field(default_factory=dict)
    tip: str = ""
    deployments: list[Deployment] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, str] = field(default_factory=dict)
    live: dict[str, frozenset[str]] = field(default_factory=dict)
    carried: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    stopped: int = 0

    def ask(self, path: str) -> Json:
        """GitHub's answers to what the pipelines ask."""
        if path.startswith("repos/r/git/ref/heads/main"):
            return {"object": {"sha": self.tip}}
        if "/statuses" in path:
            number = int(path.split("/deployments/")[1].split("/")[0])
            (one,) = (one for one in self.deployments if one.number == number)
            return [{"state": state} for state in reversed(one.states)]
        stack = path.split("environment=")[1].split("&")[0]
        listed: list[Json] = [
            {"id": one.number, "sha": one.commit}
            for one in reversed(self.deployments)
            if one.due.stack == stack
        ]
        return listed

    def engine(self, *command: str, env: object = None) -> subprocess.CompletedProcess[str]:
        """The engine, as far as the record goes."""
        stack = command[command.index("--stack") + 1]
        answer = ""
        if command[:4] == ("pulumi", "stack", "tag", "ls"):
            known = {deployed.TAG: self.tags.get(stack), deployed.ATTEMPT: self.attempts.get(stack)}
            answer = json.dumps({key: value for key, value in known.items() if value})
        elif command[:4] == ("pulumi", "stack", "tag", "set"):
            kept = self.tags if command[4] == deployed.TAG else self.attempts
            kept[stack] = command[5]
        elif command[:3] == ("pulumi", "stack", "export"):
            kinds = [
                "pulumi:pulumi:Stack",
                *(["okta:group/group:Group"] if stack in self.live else []),
            ]
            resources = [{"type": kind} for kind in kinds]
            answer = json.dumps({"deployment": {"resources": resources}})
        return subprocess.CompletedProcess(command, 0, answer, "")

    def left_behind(self, stack: str) -> frozenset[str]:
        """Who has access by the stack and is not in its file at the tip."""
        return self.live.get(stack, frozenset()) - self.commits[self.tip][stack]

    def differs(self, stack: str, before: str) -> bool:
        """Whether the tip has other members of the stack than a commit."""
        return self.commits[before].get(stack) != self.commits[self.tip].get(stack)


class History:
    """Plays one history, and holds every approval against what its approver was shown."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World()
        first = {stack: frozenset(self.random.sample(PEOPLE, 6)) for stack in STACKS}
        self._commit(first)

    def _commit(self, members: Members) -> None:
        self.world.tip = f"{len(self.world.commits) + 1:040x}"
        self.world.commits[self.world.tip] = members
        self._run()

    def due(self) -> list[Due]:
        """The stacks that deploy.yml would show an approver now."""
        verified = {s: deployed.verified_commit(s, "r", self.world.ask) for s in STACKS}
        begun = {s: deployed.begun_commit(s, "r", self.world.ask) for s in STACKS}
        return deployed.due(STACKS, verified, self.world.differs, begun)

    def _run(self) -> None:
        """deploy.yml on the tip: what is due waits for its approval, and replaces what waited."""
        world = self.world
        for due in self.due():
            for older in world.deployments:
                if older.due.stack == due.stack and older.states == ["waiting"]:
                    world.happened["superseded"] += 1
                    older.states.append("inactive")
            number = len(world.deployments) + 1
            world.deployments.append(Deployment(number, world.tip, due))

    def merge(self) -> None:
        """Somebody gains, somebody loses, in one or two stacks."""
        members = dict(self.world.commits[self.world.tip])
        for stack in self.random.sample(STACKS, self.random.choice((1, 1, 2))):
            gone = self.random.sample(sorted(members[stack]), min(1, len(members[stack])))
            new = self.random.sample(PEOPLE, self.random.choice((0, 1, 2)))
            members[stack] = (members[stack] - set(gone)) | frozenset(new)
        self._commit(members)

    def force_push(self) -> None:
        """main goes back to any commit of before, or to something that never was."""
        commits = self.world.commits
        if self.random.random() < 0.5:
            self.world.tip = self.random.choice(sorted(commits))
            self._run()
            return
        self._commit({s: frozenset(self.random.sample(PEOPLE, 6)) for s in STACKS})

    def reject(self) -> None:
        """An approver says no."""
        if waiting := [one for one in self.world.deployments if one.states[-1] == "waiting"]:
            self.random.choice(waiting).states.append("failure")

    def approve(self) -> None:
        """An approver lets one run that waits, or runs an old one again, however late."""
        tried = [one for one in self.world.deployments if one.states[-1] != "success"]
        if not tried:
            return
        waiting = [one for one in tried if one.states[-1] == "waiting"]
        again = self.random.choice(tried)
        chosen = waiting[-1] if waiting and self.random.random() < 0.7 else again
        if chosen.states[-1] != "waiting":
            self.world.happened["run again"] += 1
        self._update(chosen)

    def by_hand(self) -> None:
        """Somebody runs deploy by hand."""
        self._run()

    def _update(self, one: Deployment) -> None:
        one.states.append("in_progress")
        world, stack, before = self.world, one.due.stack, one.due.before
        wanted = world.commits[one.commit][stack]
        try:
            must_be_tip("r", "main", one.commit, world.ask)
            deployed.confirm(stack, before, by_hand=False)
        except Stop:
            world.stopped += 1
            world.happened["stopped"] += 1
            one.states.append("failure")
            return
        shown = world.commits[before][stack] if before else frozenset()
        have = world.live.get(stack, frozenset())
        # removal-share, as the policy pack counts it: from the config of before that it is given.
        base = before or deployed.recorded(stack, deployed.ATTEMPT)
        counted = world.commits[base][stack] if base else frozenset()
        deployed.attempt(stack, one.commit, done=False)
        if counted and len(counted - wanted) / len(counted) > SHARE:
            world.happened["too many removals"] += 1
            one.states.append("failure")
            return
        end = self.random.random()
        if end < 0.15:  # the update is cut off half-way: some of the grants are there
            world.happened["cut off"] += 1
            half = frozenset(self.random.sample(sorted(wanted), len(wanted) // 2))
            world.live[stack] = have | half
        else:
            world.live[stack] = wanted
            deployed.attempt(stack, one.commit, done=True)
        gained = world.live[stack] - have
        # Shown as gained; or shown as kept, and then it is one that the last verified deployment
        # had and an update that failed took away.
        kept = gained - (wanted - shown)
        verified = world.commits[world.tags[stack]][stack] if stack in world.tags else frozenset()
        assert kept <= verified, "an approval carried out a grant nobody was shown"
        assert len((have & counted) - world.live[stack]) <= SHARE * len(counted)
        world.carried += len(gained)
        if end < 0.3:  # or verify is red
            world.happened["not verified"] += 1
            one.states.append("failure")
            return
        deployed.record(stack, one.commit)
        one.states.append("success")


def _play(seed: int, monkeypatch: pytest.MonkeyPatch) -> World:
    history = History(seed)
    monkeypatch.setattr(deployed, "run", history.world.engine)
    for _ in range(EVENTS):
        choices = (history.merge, history.approve, history.reject, history.by_hand)
        weights = (4, 6, 1, 1)
        event = history.random.choices((*choices, history.force_push), (*weights, 1))[0]
        history.world.happened[event.__name__] += 1
        event()
        due = {one.stack for one in history.due()}
        for stack in STACKS:
            assert stack in due or not history.world.left_behind(stack), "nobody is asked about it"
        for stack, commit in history.world.tags.items():
            # The record is of a commit that was approved, updated and verified, and of nothing else.
            assert any(
                one.due.stack == stack and one.commit == commit and "success" in one.states
                for one in history.world.deployments
            )
    return history.world


def _play_all(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    return [_play(seed, monkeypatch) for seed in range(HISTORIES)]


def test_every_approver_sees_every_grant(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = _play_all(monkeypatch)
    assert sum(world.carried for world in worlds) > HISTORIES * 10
    assert sum(world.stopped for world in worlds) > HISTORIES
    assert sum(len(world.tags) for world in worlds) > HISTORIES * 2
    happened = sum((world.happened for world in worlds), Counter())
    assert {name for name, number in happened.items() if number >= 20} >= {
        *("merge", "approve", "reject", "by_hand", "force_push", "run again", "superseded"),
        *("stopped", "cut off", "not verified", "too many removals"),
    }, happened


def _grants(world: World) -> Iterator[str]:
    for stack in STACKS:
        yield from world.live.get(stack, frozenset())


def test_change_whose_deployment_was_refused_is_shown_to_the_next_approver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The story that a comparison with the commit before the push gets wrong."""
    history = History(1)
    world = history.world
    monkeypatch.setattr(deployed, "run", world.engine)
    for one in list(world.deployments):
        history.random = random.Random(99)  # goes well
        history._update(one)
    first = world.tags["eu"]
    members = dict(world.commits[world.tip])
    history._commit({**members, "eu": members["eu"] | {"eve@example.com"}})
    world.deployments[-1].states.append("failure")
    history._commit({**members, "eu": members["eu"] | {"eve@example.com"}, "us": frozenset(PEOPLE)})
    due = {one.due.stack: one.due.before for one in world.deployments if one.commit == world.tip}
    assert due["eu"] == first
    assert "eve@example.com" not in world.commits[due["eu"]]["eu"]
    assert "eve@example.com" not in set(_grants(world))


def _before_the_push(_stack: str, _repository: str, ask: object) -> str | None:
    """What a pipeline that looks at the push alone would compare with."""
    world = getattr(ask, "__self__")  # noqa: B009 - the bound method's world
    commits = [*world.commits]
    place = commits.index(world.tip)
    return commits[place - 1] if place else None


@pytest.mark.parametrize(
    "broken",
    [
        {"verified_commit": _before_the_push, "confirm": lambda *_a, **_k: None},
        {"confirm": lambda *_a, **_k: None, "must_be_tip": lambda *_a: None},
        {"begun_commit": lambda *_a: ""},
    ],
    ids=[
        "compared with the push before",
        "neither tip nor record is asked for",
        "what began and was taken back is forgotten",
    ],
)
def test_a_comparison_that_is_broken_is_found(
    broken: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, does in broken.items():
        owner = deployed if hasattr(deployed, name) else sys.modules[__name__]
        monkeypatch.setattr(owner, name, does)
    with pytest.raises(AssertionError, match="nobody was shown|nobody is asked about it"):
        _play_all(monkeypatch)
