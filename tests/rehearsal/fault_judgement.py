"""What is judged after a run with a fault: nothing twice, nothing undeclared, the declared end."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from cfscim.config.access import access_table
from cfscim.config.models import ScimConfig

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID = re.compile(
    r"\b(0o[a-z][0-9A-Za-z]{17}|00[ug][0-9A-Za-z]{17}|[0-9a-f]{32}|[0-9A-Za-z]{20}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
# What a vendor writes down about when and in which order things happened, not what they are.
_HISTORY = {
    "provisioningLog",
    "deletedItems",
    "mailNickname",
    "securityIdentifier",  # made of the object id
    "groupDeletions",
    "id",
    "lastExecution",
    "version",
    "steadyStateLastAchievedTime",
    "steadyStateFirstAchievedTime",
    "lastSuccessfulExecution",
    "lastSuccessfulExecutionWithExports",
}
# Cloudflare gives it to everyone whom SCIM provisions: seeing that the account exists.
_EVERYBODY = "Minimal Account Access"
State = dict[str, Any]


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
