"""Every file of the sandbox that makes rules of Cloudflare or Entra says where from, how strong, and
so does whoever answers a call of any of the three."""

import ast
import re
from pathlib import Path

import pytest

from sandbox.cloudflare import routes as cloudflare
from sandbox.entra import routes as entra
from sandbox.okta import routes as okta

SANDBOX = Path(__file__).parents[2] / "sandbox"
# Recorded, the provider's code, documentation, a public report, inference.
_STRENGTH = re.compile(r"(?<![\w`])[RCDPI](?![\w`])")
# They hold data, join other files or replay recordings, and refuse nothing.
_NO_RULES = {"__init__.py", "models.py", "keys.py", "recorded.py", "routes.py"}


def _files() -> list[Path]:
    found = [*(SANDBOX / "cloudflare").rglob("*.py"), *(SANDBOX / "entra").rglob("*.py")]
    return sorted(file for file in found if file.name not in _NO_RULES)


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(SANDBOX)))
def test_the_source_of_the_rules_is_named_with_its_strength(file: Path) -> None:
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    lines = [line for line in said.splitlines() if _STRENGTH.search(line)]
    assert lines, "add a line: Source: …, with R, C, D, P or I"


_ROUTERS = (cloudflare.router, cloudflare.scim_router, okta.router, entra.router)
_ANSWERS = {
    f"{handler.__module__}.{handler.__name__}": handler
    for router in _ROUTERS
    for handler in (rule.endpoint for rule in router._map.iter_rules())
}


@pytest.mark.parametrize("name", sorted(_ANSWERS))
def test_whoever_answers_a_call_names_source_and_strength_in_one_line(name: str) -> None:
    lines = (_ANSWERS[name].__doc__ or "").splitlines()
    assert any(_STRENGTH.search(line) for line in lines), "end it with (R), (D: …) or Source: …"


def test_nobody_was_forgotten() -> None:
    assert len(_ANSWERS) > 150


FACTS = Path(__file__).parents[3] / "shared" / "reference" / "vendors-seen.md"
ROWS = {
    "Whoever was assigned to the app before": "Who was assigned before provisioning was on",
    "Once Create Users is on": "Import features of a catalogue app prove nothing",
    "Empty groups of the catalogue": "Empty groups are pushed",
    "A push mapping is accepted": "A mapping is accepted without provisioning",
    "`POST` and `DELETE` of a mapping": "`POST` and `DELETE` of a mapping answer 200",
    "A mapping in ERROR": "A mapping in ERROR can be neither changed nor deleted",
    "`GET /groups?q=`": "`q` matches beginnings, without a Link header; `search` is exact",
    "Group push, Import Groups on": "Group push with Import Groups on and off",
    "Members of a group are seen": "Members are seen up to 2 s after a write",
    "`features` of an app": "`features` of an app whose connection is UNKNOWN: 400",
    "Suspending a person sends": "Suspending sends `active: false`",
    "`okta.GroupMemberships` update": "`okta.GroupMemberships` swallows a refusal",
    "A person's access by group": "A person's access by group can't be taken away singly",
    "`search` lags": "`search` lags by seconds",
    "A label change": "A label change is a whole `PUT`",
    "Secrets of another organisation": "The organisation of the credentials",
    "Okta hosts": "Hosts: okta.com",
    "`POST Users` carries": "`POST Users` carries a password",
    "There is an OIN app": 'The app "Cloudflare Dashboard" of the catalogue',
    "Two groups may have one": "Two groups may have one name",
    "An empty `SyncNotificationSettings`": "An empty `SyncNotificationSettings` is refused",
    "A further saved key": "A further saved key makes the provider wait",
    "Guests: from": "From `alias_domain#EXT#@tenant`",
    "National clouds": "National clouds have another template",
    "A missing permission on a": "A missing permission on a synchronization call",
    "Synchronization calls answer": "Synchronization calls answer 403 or 409",
    "`mail` is null": "`mail` is null for people without a mailbox",
    "The provider does not escape": "The provider does not escape an apostrophe",
    "Groups within groups": "Groups within groups are not read",
    "Deleted security groups": "Deleted security groups stay in the recycle bin",
    "Group assignment needs P1": "Assigning groups needs P1",
    "What is found by name already": "What is found by name already",
    "A member carries roles": "A member carries roles and policies",
    "A token update keeps": "A token update keeps what the request leaves out",
    "Leaked tokens": "Leaked tokens are revoked by Cloudflare",
    "Permission groups of one name": "Permission groups of one name with different scopes",
    "Recovery when no Super": "Recovery when no Super Administrator is left",
    "A changed e-mail domain": "Another e-mail domain is refused",
    "Two permissions, one place": "Who may manage members can give roles",
    "Okta, Entra and, since": "Okta, Entra and, since 2026-03, Authentik",
    "Provider settings also come": "Provider settings come from several places",
    "`pulumi refresh` signs in": "refresh signs in with the state's",
    "`pulumi/pulumi-python` images": "images without another user",
    "A waiting GitHub run": "a waiting run is replaced",
}
"""How a fact of the list begins, and words of its row in docs/sandbox.md."""


@pytest.mark.skipif(not FACTS.exists(), reason="the list of facts is not here")
def test_each_fact_that_vendors_were_seen_to_do_has_a_row() -> None:
    rows = [
        line.split("|")[1].strip()
        for line in FACTS.read_text("utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| fact", "|---"))
    ]
    without = [row for row in rows if not row.startswith(tuple(ROWS))]
    assert not without
    assert len(rows) == len(ROWS)


@pytest.mark.parametrize("words", ROWS.values())
def test_the_row_is_there(words: str) -> None:
    page = (SANDBOX.parent / "docs" / "sandbox.md").read_text("utf-8")
    assert any(words in line for line in page.splitlines() if line.startswith("|"))
