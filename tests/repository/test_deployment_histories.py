"""Random histories of deployments over three accounts: whoever approves has been shown every grant
that the approval carries out, and `removal-share` never lets more go in one step than it allows.

What is true is worked out here, from who is in which group before and after an update, however far
the update came. GitHub, git and the stacks' own records are small models. What decides, shows and
counts is the pipelines' own: `history`, `due`, `must_be_tip`, `confirm`, `attempt`, `record`, the
review of people and `removal-share`; their commands are executed in test_workflows_deploy.py.
"""

import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cfscim.config.json_types import Json
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.removals import REMOVALS
from cfscim.config.policy.rules import Case, judge
from cfscim.gitops import deployed, updates
from cfscim.gitops.approval import must_be_tip
from cfscim.gitops.deployed import Due, file_in
from cfscim.gitops.shell import Stop, texts
from cfscim.review.compare import people_change
from tests.configs import SUPER, config_object

ACCOUNTS = {"eu": "a" * 32, "lab": "b" * 32, "us": "c" * 32}
PEOPLE = [f"p{number}@example.com" for number in range(14)]
ROLES = ("Administrator", "Billing", SUPER)
USERS = "users"
SHARE = 4
"""One of so many may go at once."""
GITHUB, RECORD, BEFORE = "GitHub", "GitLab, Azure DevOps", "Pulumi Deployments, operator"
"""Who starts an update: GitHub's deployments and the stack's record; the record alone, which is read
before the approval; nobody but the engine, before which the comparison runs."""
HISTORIES = {GITHUB: 240, RECORD: 60, BEFORE: 60}
BROKE = {GITHUB: (91687, 1189, 1411), RECORD: (91407,), BEFORE: ()}
"""Histories that went past an approver once: what a person named passed over the stack's record."""
EVENTS = 24

Groups = tuple[frozenset[str], ...]
"""Who is listed under each of `ROLES`, and for the users' group."""
Tree = Mapping[str, tuple[str, Groups]]
"""Stack -> the account and the people that its file names; `program` beside it."""
Place = tuple[str, str]
"""Account and role, or the users' group."""


@cache
def config_of(file: tuple[str, Groups]) -> ScimConfig:
    """The stack file as the program reads it."""
    account, (*roles, users) = file
    members = {role: sorted(people) for role, people in zip(ROLES, roles, strict=True)}
    given = config_object(
        members=members,
        provider={"usersGroup": {"name": "Cloudflare Users", "members": sorted(users)}},
        account={"id": account, "name": "Example Corp"},
    )
    return parse_config(given, stack="prod")


def wanted_by(file: tuple[str, Groups]) -> dict[Place, frozenset[str]]:
    """Who is in which group once an update of the file has come to its end."""
    account, (*roles, users) = file
    groups = {(account, role): people for role, people in zip(ROLES, roles, strict=True)}
    return {**groups, (account, USERS): frozenset().union(users, *roles)}


@dataclass(frozen=True)
class Commit:
    """A commit: its tree, the program it pins, and what it was made on."""

    tree: Tree
    program: int
    parent: str


@dataclass
class Deployment:
    """A job that waits for the environment of its stack, with what its approver was shown."""

    number: int
    commit: str
    due: Due
    since: Due | None = None
    states: list[str] = field(default_factory=lambda: ["waiting"])


@dataclass
class World:
    """A repository, GitHub's deployments, each stack's own record and what the vendors have."""

    pipeline: str
    commits: dict[str, Commit] = field(default_factory=dict)
    tip: str = ""
    deployments: list[Deployment] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    updates: dict[str, list[Json]] = field(default_factory=dict)
    """What the engine keeps of each stack's updates, the newest first."""
    updated: set[str] = field(default_factory=set)
    by_hand: list[tuple[str, str]] = field(default_factory=list)
    """Commit and stack of what somebody updated at a terminal."""
    touched: set[str] = field(default_factory=set)
    """Accounts that were updated at a terminal after their last verified deployment."""
    live: dict[Place, frozenset[str]] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def files(self) -> Tree:
        """The stack files at the tip."""
        return self.commits[self.tip].tree

    def ask(self, path: str) -> Json:
        """GitHub's answers to what the pipelines ask."""
        if path.startswith("repos/r/git/ref/heads/main"):
            return {"object": {"sha": self.tip}}
        if path.startswith("repos/r/environments"):
            names = {one.due.stack for one in self.deployments}
            ever = sorted({*names, *(f"{name}-drift" for name in names)})
            return {"environments": [{"name": name} for name in ever]}
        if "/statuses" in path:
            number = int(path.split("/deployments/")[1].split("/")[0])
            return [{"state": state} for state in reversed(self.deployments[number - 1].states)]
        stack = path.split("environment=")[1].split("&")[0]
        listed: list[Json] = [
            {"id": one.number, "sha": one.commit}
            for one in reversed(self.deployments)
            if one.due.stack == stack
        ]
        return listed

    def engine(self, *command: str, **_more: object) -> subprocess.CompletedProcess[str]:
        """The engine, as far as the record goes."""
        stack = command[command.index("--stack") + 1] if "--stack" in command else ""
        tags, answer = self.tags.setdefault(stack, {}) if stack else {}, ""
        match command[1:4]:
            case ("stack", "ls", _):
                answer = json.dumps(
                    [{"name": f"acme/{name}"} for name in sorted({*self.tags, *self.updates})]
                )
            case ("stack", "history", _):
                answer = json.dumps(self.updates.get(stack, []))
            case ("config", *_):
                file = command[command.index("--config-file") + 1]
                answer = json.dumps({"scim": {"value": Path(file).read_text()}})
            case ("stack", "tag", "ls"):
                answer = json.dumps(tags)
            case ("stack", "tag", "set"):
                tags[command[4]] = command[5]
            case ("stack", "tag", "rm"):
                del tags[command[4]]
            case _:
                kinds = ["pulumi:pulumi:Stack", *(["okta:Group"] if stack in self.updated else [])]
                resources = [{"type": kind} for kind in kinds]
                answer = json.dumps({"deployment": {"resources": resources}})
        return subprocess.CompletedProcess(command, 0, answer, "")

    def updated_from(self, stack: str, commit: str, *, whole: bool) -> None:
        """The engine writes an update down; one that was killed it does not know."""
        entry: Json = {
            "kind": "update",
            "result": "succeeded" if whole else "failed",
            "startTime": self.now(),
            "config": {"scim": {"value": self.file_at(commit, stack)}},
            "environment": {"git.head": commit},
        }
        self.updates.setdefault(stack, []).insert(0, entry)

    def now(self) -> str:
        """Each time that somebody looks at the clock, it is later."""
        self.happened["time"] += 1
        return f"{self.happened['time']:06}"

    def file_at(self, revision: str, stack: str) -> str | None:
        """A stack's file as git has it; only the account in it is asked for."""
        file = self.commits[self.tip if revision == "HEAD" else revision].tree.get(stack)
        return None if file is None else f"id: {file[0]}"

    def differs(self, stack: str, before: str) -> bool:
        """Whether the tip has another file or program than a commit."""
        then, now = self.commits[before], self.commits[self.tip]
        return then.program != now.program or then.tree.get(stack) != now.tree.get(stack)

    def gone(self) -> set[str]:
        """Stacks that have an environment and no file at the tip; git knows less than GitHub here."""
        return deployed.environments("r", self.ask) - {*self.files}

    def is_older(self, commit: str, than: str) -> bool:
        """Whether a commit is one that another was made on."""
        while than and (than := self.commits[than].parent):
            if than == commit:
                return True
        return False

    def due(self, since: Due | None = None) -> list[Due]:
        """The stacks that deploy.yml would show an approver now; `since`: what a person named."""
        if self.pipeline != GITHUB:
            own = [deployed.own_due(stack) for stack in sorted(self.files)]
            return [o for o in own if not o.before or o.begun or self.differs(o.stack, o.before)]
        known, gone = (
            {stack: deployed.history(stack, "r", self.ask) for stack in sorted(stacks)}
            for stacks in ({*self.files}, self.gone())
        )
        if since is not None:
            known = {since.stack: known[since.stack].as_named(since)}
        return deployed.due(known, self.differs, gone, deployed.replaces)

    def configs(
        self, due: Due, begun: tuple[str, ...]
    ) -> tuple[ScimConfig | None, list[ScimConfig]]:
        """What is compared with: the config of before, and those of what began."""
        pairs = [file_in(entry, due.stack) for entry in begun]
        files = [self.commits[commit].tree.get(of) for commit, of in pairs]
        before = self.commits[due.before].tree.get(due.stack) if due.before else None
        return before and config_of(before), [config_of(file) for file in files if file]

    def may_go(self, due: Due, begun: tuple[str, ...], wanted: ScimConfig) -> bool:
        """Whether `removal-share` lets the change pass."""
        before, more = self.configs(due, begun)
        case = Case(wanted, "prod", date(2026, 11, 27), before, begun=tuple(more))
        return not judge(REMOVALS, case, [])


class History:
    """Plays one history, and holds every approval against what its approver was shown."""

    def __init__(self, seed: int, pipeline: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.random = random.Random(seed)
        self.world = World(pipeline)
        for module in (deployed, updates):
            monkeypatch.setattr(module, "run", self.world.engine)
            monkeypatch.setattr(module, "file_at", self.world.file_at)
        monkeypatch.setattr(deployed, "_now", self.world.now)
        monkeypatch.setattr(deployed, "all_stacks", lambda: [*self.world.files])
        tree = {stack: (account, self._people()) for stack, account in ACCOUNTS.items()}
        self._commit(tree)

    def _people(self) -> Groups:
        return tuple(frozenset(self.random.sample(PEOPLE, number)) for number in (8, 4, 3, 9))

    def _commit(self, tree: Tree, *, program: int = 0, parent: str | None = None) -> None:
        world = self.world
        last = world.commits[world.tip].program if world.tip else 0
        above = world.tip if parent is None else parent
        new = f"{len(world.commits) + 1:012x}".ljust(40, "0")
        world.commits[new] = Commit(dict(tree), last + program, above)
        world.tip = new
        self._run()

    def _run(self, since: Due | None = None) -> None:
        """deploy.yml on the tip: what is due waits for its approval, and replaces what waited.
        Where a rule refuses, nobody is asked."""
        world = self.world
        due = world.due(since)
        wanted = {one.stack: config_of(world.files[one.stack]) for one in due}
        if world.pipeline == BEFORE:
            for one in due:
                self._before_the_engine(one.stack)
            return
        if not all(world.may_go(one, one.begun, wanted[one.stack]) for one in due):
            world.happened["refused before it is shown"] += 1
            return
        for one in due:
            for older in world.deployments:
                if older.due.stack == one.stack and older.states == ["waiting"]:
                    world.happened["superseded"] += 1
                    older.states.append("inactive")
            number = len(world.deployments) + 1
            # Compared as deploy.yml hands it over.
            handed = Due.read(json.loads(json.dumps(one.output)))
            world.deployments.append(Deployment(number, world.tip, handed, since))

    def _shown(self, one: Deployment) -> set[tuple[str, str]]:
        """Person and role, or users' group, of every grant that the approver of a run saw."""
        before, begun = self.world.configs(one.due, one.due.begun)
        wanted = config_of(self.world.commits[one.commit].tree[one.due.stack])
        shown = people_change(before, wanted, begun)
        gained = {(grant.person, grant.role.value) for grant in shown.difference.gained}
        return gained | {(person, USERS) for person in shown.users.joins}

    def merge(self) -> None:
        """Some gain, some lose, in one or two stacks, more or fewer than may go at once."""
        self._commit(self._changed())

    def _changed(self) -> Tree:
        tree = dict(self.world.files)
        for stack in self.random.sample([*tree], min(len(tree), self.random.choice((1, 1, 2)))):
            account, groups = tree[stack]
            changed = list(groups)
            for index in self.random.sample(range(len(groups)), self.random.choice((1, 1, 2))):
                listed = sorted(changed[index])
                gone = self.random.sample(
                    listed, min(len(listed), self.random.choice((0, 0, 1, 1, 2)))
                )
                new = self.random.sample(PEOPLE, self.random.choice((0, 1, 2)))
                changed[index] = changed[index] - set(gone) | frozenset(new)
            tree[stack] = account, tuple(changed)
        return tree

    def revert(self) -> None:
        """A commit that puts everything back as an older one had it."""
        self._commit(self.world.commits[self.random.choice([*self.world.commits])].tree)

    def force_push(self) -> None:
        """main goes back to a commit of before, or to something that never was."""
        commits = self.world.commits
        if self.random.random() < 0.6:
            self.world.tip = self.random.choice([*commits])
            self._run()
        else:
            self._commit(self._changed(), parent=self.random.choice(["", *commits]))

    def pin(self) -> None:
        """Another program is pinned, or the old one again."""
        self._commit(self.world.files, program=self.random.choice((1, 1, -1)))

    def rename(self) -> None:
        """A stack file gets another name, and with it a stack that was never deployed; or its old
        name again. Somebody may be changed by the way."""
        tree = dict(self.world.files)
        if tree:
            stack = self.random.choice([*tree])
            account, groups = tree.pop(stack)
            base = stack.removesuffix("-new")
            if self.random.random() < 0.5:
                at = self.random.randrange(len(groups))
                more = groups[at] ^ frozenset(self.random.sample(PEOPLE, 1))
                groups = (*groups[:at], more, *groups[at + 1 :])
            tree[base if stack != base else f"{base}-new"] = account, groups
            self._commit(tree)

    def remove(self) -> None:
        """A stack file goes; nothing is taken down by that."""
        tree = dict(self.world.files)
        if len(tree) > 1:
            tree.pop(self.random.choice([*tree]))
            self._commit(tree)

    def add(self) -> None:
        """A stack file that was removed comes back."""
        accounts = {account for account, _ in self.world.files.values()}
        missing = [stack for stack in ACCOUNTS if ACCOUNTS[stack] not in accounts]
        if missing:
            stack = self.random.choice(missing)
            self._commit({**self.world.files, stack: (ACCOUNTS[stack], self._people())})

    def reject(self) -> None:
        """An approver says no."""
        if waiting := [one for one in self.world.deployments if one.states[-1] == "waiting"]:
            self.random.choice(waiting).states.append("failure")

    def approve(self) -> None:
        """An approver lets one run that waits, or runs one job again, however late."""
        tried = [one for one in self.world.deployments if one.states[-1] != "success"]
        if self.world.pipeline == BEFORE:
            self._run()
        if not tried or self.world.pipeline == BEFORE:
            return
        here = [one for one in tried if one.commit == self.world.tip]
        newest = [one for one in here if one.states[-1] == "waiting"]
        late = self.random.random() < 0.15
        chosen = self.random.choice(tried if late else newest or here or tried)
        if chosen.states[-1] != "waiting":
            self.world.happened["run again"] += 1
        self._update(chosen)

    def by_hand(self) -> None:
        """Somebody runs deploy by hand."""
        self._run()

    def _before_the_engine(self, stack: str) -> None:
        """`deploy/pipeline before`, then the engine, and nothing after it."""
        world = self.world
        one = Deployment(0, world.tip, deployed.own_due(stack, settle=True))
        file = world.commits[world.tip].tree[stack]
        try:
            deployed.must_have_record(one.due)
        except Stop:
            world.happened["stopped"] += 1
            return
        if world.is_older(world.tip, one.due.before):
            world.happened["stopped"] += 1
            return
        if not world.may_go(one.due, one.due.begun, config_of(file)):
            world.happened["too many removals"] += 1
            return
        deployed.attempt(stack, world.tip)
        end, known = self.random.random(), bool(one.due.before)
        self._carry_out(one, file, cut=end < 0.25, known=known)
        world.by_hand.append((world.tip, stack))

    def at_a_terminal(self) -> None:
        """Somebody with the credentials runs `pulumi up` themselves, of whatever is checked out."""
        world = self.world
        stack = self.random.choice([*world.files])
        has = [commit for commit in world.commits if stack in world.commits[commit].tree]
        commit = world.tip if self.random.random() < 0.2 else self.random.choice(has)
        steps = self._steps(world.commits[commit].tree[stack])
        whole = self.random.random() < 0.7
        for place, person in steps if whole else steps[: len(steps) // 2]:
            world.live[place] = world.live.get(place, frozenset()) ^ {person}
        world.updated.add(stack)
        world.by_hand.append((commit, stack))
        world.touched.add(world.files[stack][0])
        world.updated_from(stack, commit, whole=whole)

    def _steps(self, file: tuple[str, Groups]) -> list[tuple[Place, str]]:
        steps = []
        for place, people in wanted_by(file).items():
            have = self.world.live.get(place, frozenset())
            steps += [(place, person) for person in sorted(people ^ have)]
        self.random.shuffle(steps)
        return steps

    def _update(self, one: Deployment) -> None:
        world, stack = self.world, one.due.stack
        one.states.append("in_progress")
        file = world.commits[one.commit].tree[stack]
        try:
            must_be_tip("r", "main", one.commit, world.ask)
            now = world.due(one.since) if world.pipeline == GITHUB else []
            here = next((due for due in now if due.stack == stack), None)
            own = deployed.own_due(stack)
            deployed.confirm(one.due, own, here, one.commit, named=one.since is not None)
        except Stop as error:
            world.happened["stopped"] += 1
            one.states.append("failure")
            # What the line says is done: deploy by hand, compared with what was last carried out.
            named = re.search("since: (nothing|[0-9a-f]{40})([^;]*)", str(error))
            if named and world.pipeline == GITHUB:
                world.happened["since"] += 1
                before = "" if named[1] == "nothing" else named[1]
                self._run(Due(stack, before, tuple(named[2].split())))
                self._soon(stack)
            elif named:
                self._run()
            return
        begun = (
            *deployed.recorded(stack).begun,
            *(entry for entry in one.due.begun if "/" in entry),
        )
        deployed.attempt(stack, one.commit)
        if not world.may_go(one.due, begun, config_of(file)):
            world.happened["too many removals"] += 1
            one.states.append("failure")
            return
        end = self.random.random()
        self._carry_out(one, file, cut=end < 0.25, known=bool(own.before))
        if end < 0.4:
            world.happened["cut off" if end < 0.25 else "not verified"] += 1
            one.states.append("failure")
            return
        deployed.record(stack, one.commit)
        world.touched.discard(file[0])
        one.states.append("success")

    def _soon(self, stack: str) -> None:
        """Whoever named a commit approves; somebody may have been quicker at a terminal."""
        if self.random.random() < 0.4:
            self.at_a_terminal()
        newest = self.world.deployments[-1]
        if newest.due.stack == stack and self.random.random() < 0.6:
            self._update(newest)

    def _carry_out(
        self, one: Deployment, file: tuple[str, Groups], *, cut: bool, known: bool
    ) -> None:
        """The vendors after the update; cut off, it ends at any group, at any person of it."""
        world = self.world
        before, steps, shown = dict(world.live), self._steps(file), self._shown(one)
        done = steps[: self.random.randint(0, len(steps))] if cut else steps
        for place, person in done:
            world.live[place] = world.live.get(place, frozenset()) ^ {person}
        world.updated.add(one.due.stack)
        if not cut or self.random.random() < 0.5:  # killed, or ended by an error
            world.updated_from(one.due.stack, one.commit, whole=not cut)
        for place in wanted_by(file):
            had, has = (live.get(place, frozenset()) for live in (before, world.live))
            for person in has - had:
                world.happened["grants"] += 1
                assert (person, place[1]) in shown, f"nobody was shown {person} in {place[1]}"
            lost = had - has
            world.happened["removals"] += len(lost)
            # Of a stack that was never verified, what is there may be a part of what was declared.
            listed = had if known else had | self._declared(place)
            assert len(lost) <= max(1, len(listed) // SHARE), f"{len(lost)} of {len(listed)} go"

    def _declared(self, place: Place) -> frozenset[str]:
        """Everybody whom a commit that was updated from had in a group."""
        files = (
            self.world.commits[one.commit].tree.get(one.due.stack)
            for one in self.world.deployments
            if "in_progress" in one.states
        )
        hand = (self.world.commits[commit].tree[stack] for commit, stack in self.world.by_hand)
        listed = (wanted_by(file).get(place, frozenset()) for file in (*files, *hand) if file)
        return frozenset().union(*listed)

    def check(self) -> None:
        """Whoever has access past what the tip says is asked about; a record is of what was."""
        world = self.world
        due = {one.stack for one in world.due()}
        for stack, file in world.files.items():
            for place, people in wanted_by(file).items():
                left = world.live.get(place, frozenset()) - people
                # What was done at a terminal no pipeline knows before it reads the state; at night
                # the check for drift names it.
                known = stack in due or file[0] in world.touched
                assert known or not left, "nobody is asked about it"
        verified = {
            (one.due.stack, one.commit) for one in world.deployments if "success" in one.states
        }
        if world.pipeline == BEFORE:  # there the engine's word is all there is
            verified = {
                (stack, texts(update, "environment", "git.head"))
                for stack, listed in world.updates.items()
                for update in listed
                if texts(update, "result") == "succeeded"
            }
        for stack, tags in world.tags.items():
            assert deployed.TAG not in tags or (stack, tags[deployed.TAG]) in verified


EVENTS_AND_WEIGHTS: tuple[tuple[Callable[[History], None], int], ...] = (
    (History.merge, 8),
    (History.approve, 18),
    (History.reject, 2),
    (History.by_hand, 2),
    (History.revert, 2),
    (History.force_push, 2),
    (History.pin, 1),
    (History.rename, 1),
    (History.remove, 1),
    (History.add, 2),
    (History.at_a_terminal, 3),
)


def _play(seed: int, pipeline: str, monkeypatch: pytest.MonkeyPatch) -> World:
    history = History(seed, pipeline, monkeypatch)
    events, weights = zip(*EVENTS_AND_WEIGHTS, strict=True)
    for _ in range(EVENTS):
        event = history.random.choices(events, weights)[0]
        history.world.happened[event.__name__] += 1
        event(history)
        history.check()
    return history.world


def _play_all(monkeypatch: pytest.MonkeyPatch, pipeline: str = "") -> Iterator[World]:
    pipeline = pipeline or GITHUB
    for seed in (*BROKE[pipeline], *range(HISTORIES[pipeline])):
        yield _play(seed, pipeline, monkeypatch)


@pytest.mark.parametrize("pipeline", [*HISTORIES])
def test_every_approver_sees_every_grant(pipeline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = sum((world.happened for world in _play_all(monkeypatch, pipeline)), Counter())
    assert happened["grants"] > HISTORIES[pipeline] * 40, happened
    assert happened["removals"] > HISTORIES[pipeline] * 0.8, happened
    assert pipeline != GITHUB or {name for name, number in happened.items() if number >= 20} >= {
        *("merge", "approve", "reject", "by_hand", "revert", "force_push", "pin", "rename"),
        *("remove", "add", "run again", "superseded", "stopped", "cut off", "not verified"),
        "refused before it is shown",
        "at_a_terminal",
        "since",
    }, happened


def _before_the_push(_stack: str, _repository: str, ask: object) -> deployed.History:
    """What a pipeline that looks at the push alone would compare with."""
    world: World = getattr(ask, "__self__")  # noqa: B009 - the bound method's world
    return deployed.History(world.commits[world.tip].parent)


@pytest.mark.parametrize(
    "broken",
    [
        {"history": _before_the_push, "confirm": lambda *_a, **_k: None},
        dict.fromkeys(("confirm", "must_be_tip"), lambda *_a, **_k: None),
    ],
    ids=["compared with the push before", "neither tip nor record is asked for"],
)
def test_a_comparison_that_is_broken_is_found(
    broken: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, does in broken.items():
        owner = deployed if hasattr(deployed, name) else sys.modules[__name__]
        monkeypatch.setattr(owner, name, does)
    with pytest.raises(AssertionError, match="nobody was shown|nobody is asked about it| go"):
        for _ in _play_all(monkeypatch):
            pass


def _nothing_began(stack: str, repository: str, ask: Callable[[str], Json]) -> object:
    whole = _HISTORY(stack, repository, ask)
    return deployed.History(whole.verified, whole.number, ())


def _unless_named(*given: Any, named: bool) -> None:
    """A comparison that a person's word stands above."""
    if not named:
        _CONFIRM(*given, named=named)


def _says_nothing(*_given: object, **_more: object) -> None:
    """A check that lets everything pass."""


_HISTORY, _CONFIRM = deployed.history, deployed.confirm


@pytest.mark.parametrize(
    "broken",
    [
        {"updates": lambda _stack: []},
        {"history": _nothing_began, "confirm": _says_nothing},
        {"gone": lambda _world: set()},
        {"attempt": lambda *_a: None, "confirm": _says_nothing},
        {"confirm": _unless_named},
    ],
    ids=[
        "what was done by hand forgotten",
        "what began forgotten",
        "renamed stacks forgotten",
        "no record of what began",
        "what a person named stands above the record",
    ],
)
def test_what_began_and_was_not_verified_counts(
    broken: Mapping[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, does in broken.items():
        monkeypatch.setattr(World if name == "gone" else deployed, name, does)
    with pytest.raises(AssertionError, match="nobody was shown|nobody is asked about it| go"):
        for _ in _play_all(monkeypatch):
            pass
