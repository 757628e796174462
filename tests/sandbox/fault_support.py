"""One cell of the fault matrix: a run of `up`'s deployment that meets one fault, and the run after.

The calls come from the sandbox's own request log of a clean run; nothing here lists them.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import httpx

from cfscim.rehearsal import RehearsalDeployer
from cfscim.sandbox_process import SandboxProcess
from cfscim.up import deploy
from sandbox.core import outbound
from sandbox.core.server import Sandbox
from sandbox.core.world import VENDORS
from scim.access import access_table
from scim.config import ScimConfig, parse_config
from scim.problems import ScimError
from scim.retries import Policy
from tests.combinations import config_object

BOUND = 30.0
"""Seconds within which a run with one fault must have ended, with the time-outs of `hurried`."""
_SECONDS = {"slow": 0.3, "hang": 600.0}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID = re.compile(
    r"\b(0o[a-z][0-9A-Za-z]{17}|00[ug][0-9A-Za-z]{17}|[0-9a-f]{32}|[0-9A-Za-z]{20}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
# What a vendor writes down about when and in which order things happened, not what they are.
_HISTORY = {
    "provisioningLog", "deletedItems", "mailNickname", "groupDeletions", "id", "lastExecution",
    "steadyStateLastAchievedTime", "steadyStateFirstAchievedTime", "lastSuccessfulExecution",
    "lastSuccessfulExecutionWithExports",
}  # fmt: skip
# Cloudflare gives it to everyone whom SCIM provisions: seeing that the account exists.
_EVERYBODY = "Minimal Account Access"
State = dict[str, Any]


@dataclass(frozen=True, order=True)
class Call:
    """A call that `up` makes; ids in the path are patterns."""

    vendor: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.method} {self.path.replace('[^/]+', '*')}"


@dataclass
class Cell:
    """What came of one fault on one call. `line` is the error's, empty after a success."""

    provider: str
    fault: str
    call: Call
    line: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class Direct:
    """The sandbox of this process, in the shape in which `up` drives its own."""

    def __init__(self, sandbox: Sandbox, client: httpx.Client) -> None:
        self._sandbox = sandbox
        self._client = client

    def post(self, path: str, body: object = None) -> dict[str, object]:
        """An admin call. Raises `ScimError` with the sandbox's answer, as `SandboxProcess` does."""
        answer = self._client.post(path, json=body or {})
        if answer.is_error:
            raise ScimError(f"sandbox: {answer.text.strip()[:300]}")
        return answer.json()


class Matrix:
    """One identity provider's stack: the calls it makes, and how it ends when all goes well."""

    def __init__(self, sandbox: Sandbox, admin: httpx.Client, provider: str) -> None:
        self.provider = provider
        self._sandbox, self._admin = sandbox, admin
        self._declared = config_object(provider, "userGroups", "account")
        self.config: ScimConfig = parse_config(self._declared, stack="dev")
        self._reset()
        self.run()
        self.calls = calls_in(admin.get("requests").json())
        self._end = self.state()

    def run(self) -> None:
        """`up` without its read-back, by a rehearsal that remembers nothing. Raises `ScimError`."""
        deployer = RehearsalDeployer("dev", self._sandbox.env, lambda _line: None)
        driven = cast(SandboxProcess, Direct(self._sandbox, self._admin))
        deploy(self.config, self._declared, deployer, driven, lambda _line: None)

    def state(self) -> State:
        """Everything the sandbox holds."""
        return self._admin.get("state").json()

    def cell(self, fault: str, call: Call) -> Cell:
        """A fresh sandbox, one fault, a run; then no fault, and the run that must mend it."""
        cell = Cell(self.provider, fault, call)
        self._reset()
        aimed = {"kind": fault, "vendor": call.vendor, "method": call.method, "path": call.path}
        shape = {"seconds": _SECONDS.get(fault, 0.0), "reads": 3, "retryAfter": 1}
        self._admin.post("faults", json={**aimed, **shape}).raise_for_status()
        begun = time.monotonic()
        with hurried():
            cell.line = self._attempt(cell, "the run with the fault") or ""
        cell.seconds = time.monotonic() - begun
        if cell.seconds > BOUND:
            cell.problems.append(f"took {cell.seconds:.1f} s")
        if not any(one["fired"] for one in self._admin.get("faults").json()):
            cell.problems.append("the fault never fired")
        self._sandbox.world.faults.clear()
        self._judge(cell, "after the fault")
        self._try_a_cycle(cell)
        failed = self._attempt(cell, "the clean run")
        if failed:
            cell.problems.append(f"the clean run failed: {failed}")
        self._judge(cell, "after the clean run")
        if normal(self.state()) != normal(self._end):
            found = difference(normal(self._end), normal(self.state()))
            cell.problems.append(f"the clean run did not end as declared: {found}")
        return cell

    def _attempt(self, cell: Cell, what: str) -> str | None:
        """The line of the error that ended a run."""
        try:
            self.run()
        except ScimError as error:
            line = str(error)
            if "\n" in line or not 20 <= len(line) <= 600:
                cell.problems.append(f"{what}: not one clear line: {line!r}")
            return line
        except Exception as error:
            cell.problems.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")
            return f"{type(error).__name__}"
        return None

    def _try_a_cycle(self, cell: Cell) -> None:
        """What the identity provider would do, if its cycle came right after the fault."""
        world = self._sandbox.world
        with world.locked(*VENDORS):
            kept = {v: world.state(v).model_copy(deep=True) for v in VENDORS}
        self._admin.post("cycle")
        self._judge(cell, "after a cycle in between")
        with world.locked(*VENDORS):
            for vendor, state in kept.items():
                setattr(world, vendor, state)

    def _judge(self, cell: Cell, when: str) -> None:
        now = self.state()
        found = [*excess(now, self._end, self.config), *doubles(now)]
        cell.problems += [f"{when}: {problem}" for problem in found]

    def _reset(self) -> None:
        self._sandbox.world.faults.clear()
        self._sandbox.world.reset()


@contextmanager
def hurried() -> Iterator[None]:
    """The same client policy with shorter times, and an identity provider that waits as briefly."""
    times = {"connect": 2.0, "read": 3.0, "total": 20.0, "first_delay": 0.05, "longest_delay": 0.2}
    names = list(Policy.__dataclass_fields__)
    usual = Policy()
    defaults = tuple(times.get(name, getattr(usual, name)) for name in names)
    with (
        patch.object(Policy.__init__, "__defaults__", defaults),
        patch.object(outbound, "_TIMEOUT_SECONDS", 3.0),
    ):
        yield


def normal(value: object) -> object:
    """The state without ids, times and order: those differ with the order of requests."""
    if isinstance(value, dict):
        shown = {k: v for k, v in value.items() if k not in _HISTORY}
        # A job's status is its history; a mapping's or a person's is what it is.
        shown = {k: v for k, v in shown.items() if k != "status" or isinstance(v, str)}
        return {_plain(str(k)): normal(v) for k, v in sorted(shown.items())}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=lambda item: json.dumps(item))
    return _plain(value) if isinstance(value, str) else value


def excess(now: State, end: State, config: ScimConfig) -> list[str]:
    """Access that exists and was not declared: people, roles, policies, members, assignments."""
    declared: dict[str, set[str]] = {"owner@example.com": {"Super Administrator - All Privileges"}}
    for grant in access_table(config):
        declared.setdefault(grant.person, set()).add(grant.role.value)
    found = [
        f"{one['email']} is a member with {sorted(one['roles'])}"
        for one in now["cloudflare"]["members"]
        if one["email"] not in declared
        or not set(one["roles"]) <= {*declared[one["email"]], _EVERYBODY}
    ]
    for what in ("grants", "memberships"):
        more = _access(now)[what] - _access(end)[what]
        found += [f"undeclared: {one}" for one in sorted(more)]
    return found


def doubles(now: State) -> list[str]:
    """Things of which there is more than one under the same name."""
    mappings = [m for app in now["okta"]["apps"] for m in app["pushMappings"]]
    jobs = [
        (owner, job["templateId"])
        for owner, one in now["entra"]["synchronization"].items()
        for job in one["jobs"]
    ]
    counted: Mapping[str, Counter[object]] = {
        "user group": Counter(one["name"] for one in now["cloudflare"]["userGroups"]),
        "token": Counter(one["name"] for one in now["cloudflare"]["tokens"]),
        "Okta group": Counter((one["type"], one["name"]) for one in now["okta"]["groups"]),
        "Okta app": Counter(one["label"] for one in now["okta"]["apps"]),
        "push mapping": Counter(one["group"] for one in mappings),
        "Entra group": Counter(one["displayName"] for one in now["entra"]["groups"]),
        "application": Counter(one["displayName"] for one in now["entra"]["applications"]),
        "assignment": Counter(
            (one["principalId"], one["resourceId"], one["appRoleId"])
            for one in now["entra"]["appRoleAssignments"]
        ),
        "job": Counter(jobs),
    }
    return [
        f"{what} {name} exists {times} times"
        for what, names in counted.items()
        for name, times in names.items()
        if times > 1
    ]


def _access(state: State) -> dict[str, set[str]]:
    """Everything that lets somebody do something, each as a text."""
    cloudflare, okta, entra = state["cloudflare"], state["okta"], state["entra"]
    grants = {f"user group {g['name']}: {r}" for g in cloudflare["userGroups"] for r in g["roles"]}
    grants |= {
        f"token {t['name']}: {json.dumps(normal(p), sort_keys=True)}"
        for t in cloudflare["tokens"]
        for p in t["policies"]
    }
    grants |= {f"{a['principal']} uses {a['resource']}" for a in entra["appRoleAssignments"]}
    grants |= {f"{g} uses {a['label']}" for a in okta["apps"] for g in a["assignedGroups"]}
    memberships = {f"{g['name']}: {m}" for g in okta["groups"] for m in g["members"]}
    memberships |= {
        f"{g['displayName']}: {json.dumps(m)}" for g in entra["groups"] for m in g["members"]
    }
    return {"grants": grants, "memberships": memberships}


def calls_in(log: list[Any]) -> list[Call]:
    """Each call of a request log, once."""
    return sorted({Call(e["vendor"], e["method"], pattern_of(e["path"])) for e in log})


def pattern_of(path: str) -> str:
    """A path with its ids as patterns."""
    # Every vendor's ids are long and have a digit; no word of a path is both.
    parts = path.split("/")
    ids = [len(part) >= 17 and any(c.isdigit() for c in part) for part in parts]
    return "/".join(
        "[^/]+" if an_id else re.escape(part) for part, an_id in zip(parts, ids, strict=True)
    )


def _plain(text: str) -> str:
    return _ID.sub("<id>", _STAMP.sub("<time>", text))


def difference(wanted: object, found: object, path: str = "") -> str:
    """What differs between two normal states, in words."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        parts = [
            difference(wanted.get(key), found.get(key), f"{path}.{key}")
            for key in sorted({*wanted, *found})
            if wanted.get(key) != found.get(key)
        ]
        return "; ".join(parts)[:600]
    if isinstance(wanted, list) and isinstance(found, list):
        missing = [json.dumps(one)[:150] for one in wanted if one not in found]
        extra = [json.dumps(one)[:150] for one in found if one not in wanted]
        return f"{path}: missing {missing}, extra {extra}, {len(wanted)} -> {len(found)}"
    return f"{path}: {json.dumps(wanted)[:150]} -> {json.dumps(found)[:150]}"
