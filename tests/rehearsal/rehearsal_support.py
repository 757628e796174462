"""What the rehearsal tests share: a stack's config, the console's steps, and what came of it."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from cfscim.rehearsal import Rehearsal, RehearsalResult
from sandbox.server.server import Sandbox
from tests.configs import BOXES


def rehearsal(sandbox: Sandbox, lines: list[str] | None = None) -> Rehearsal:
    """A rehearsal on this sandbox; `lines` collects its progress."""
    progress = (lambda _line: None) if lines is None else lines.append
    return Rehearsal("dev", sandbox.env, progress=progress)


def do_console_steps(admin: httpx.Client, result: RehearsalResult) -> None:
    """What an administrator does by hand in Okta's console."""
    assert result.token_value is not None
    settings = {
        "baseUrl": result.outputs["scimBaseUrl"],
        "token": result.token_value.get_secret_value(),
        "boxes": BOXES,
    }
    path = f"console/okta/{result.outputs['applicationId']}"
    admin.post(path, json=settings).raise_for_status()


def deactivate_nobody(admin: httpx.Client) -> None:
    """What an administrator clears in the console before a stack leaves Okta."""
    for app in state(admin)["okta"]["apps"]:
        admin.post(f"console/okta/{app['id']}", json={"deactivateUsers": False}).raise_for_status()


def state(admin: httpx.Client) -> dict[str, Any]:
    """Everything the sandbox holds."""
    return admin.get("state").json()


def roles_by_person(admin: httpx.Client) -> dict[str, set[str]]:
    """E-mail address to effective roles in Cloudflare."""
    return {m["email"]: set(m["roles"]) for m in state(admin)["cloudflare"]["members"]}


def requests(admin: httpx.Client, *methods: str) -> list[str]:
    """`METHOD path` of the vendor requests received, oldest first."""
    entries = admin.get("requests").json()
    return [f"{e['method']} {e['path']}" for e in entries if not methods or e["method"] in methods]


def names(things: Iterable[Mapping[str, Any]], key: str = "name") -> list[str]:
    """The names of things, sorted, doubles kept."""
    return sorted(str(thing[key]) for thing in things)
