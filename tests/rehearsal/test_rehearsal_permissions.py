"""docs/permissions.md: what the page lists for `pulumi up` with Entra suffices, and none is idle."""

import re
from pathlib import Path

import httpx
import pytest

from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import rehearsal

pytestmark = pytest.mark.usefixtures("no_sockets")

_PAGE = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
_SECTION = _PAGE.split("### Entra: for `pulumi up`\n", 1)[1].split("\n#", 1)[0]
LISTED = re.findall(r"^\| `([^`]+)` \|", _SECTION, re.MULTILINE)


def grant(admin: httpx.Client, roles: list[str]) -> None:
    admin.post("entra/permissions", json={"roles": roles}).raise_for_status()


def test_the_listed_permissions_suffice(sandbox: Sandbox, admin: httpx.Client) -> None:
    assert len(LISTED) >= 5
    grant(admin, LISTED)
    stack = rehearsal(sandbox)
    stack.update(stack_config("entra"))
    assert stack.update(stack_config("entra")).summary.keys() == {"same"}


@pytest.mark.parametrize("missing", LISTED)
def test_without_any_one_of_them_the_update_fails_and_says_so(
    sandbox: Sandbox, admin: httpx.Client, missing: str
) -> None:
    grant(admin, [role for role in LISTED if role != missing])
    with pytest.raises(ScimError) as caught:
        rehearsal(sandbox).update(stack_config("entra"))
    assert re.search("401|403|permission|privilege", str(caught.value)), str(caught.value)
    assert missing in str(caught.value) or not missing.startswith("Synchronization")


@pytest.mark.parametrize("path", ["jobs", "jobs/[^/]+", "secrets"])
def test_a_refused_synchronization_call_names_its_permission(
    sandbox: Sandbox, admin: httpx.Client, path: str
) -> None:
    fault = {"kind": "403", "path": f".*/synchronization/{path}", "times": None}
    admin.post("faults", json=fault).raise_for_status()
    with pytest.raises(ScimError, match=r"grant Synchronization\.Read"):
        rehearsal(sandbox).update(stack_config("entra"))
