"""The sandbox's page and the calls behind its buttons; test_face_used.py is in a browser."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.entra.entra_support import Graph


def test_the_page_stands_at_the_address(sandbox: Sandbox) -> None:
    page = PLAIN.get(f"{sandbox.origin}/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "127.0.0.1, evil.example"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": "localhost.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["state", "cycle", "faults", "reset"])
def test_a_web_page_elsewhere_reaches_nothing(sandbox: Sandbox, path: str, headers) -> None:
    url = f"{sandbox.origin}/_sandbox/{path}"
    for method in ("GET", "POST"):
        answer = PLAIN.request(method, url, headers=headers)
        assert answer.status_code in (403, 404, 405), answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_changes_nothing(sandbox: Sandbox, site: str) -> None:
    url, headers = f"{sandbox.origin}/_sandbox/reset", {"Sec-Fetch-Site": site}
    assert PLAIN.post(url, headers=headers).status_code == 403
    assert PLAIN.post(url, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("cycle", {"fulll": True}),
        ("users", {"email": "new@example.com", "suspend": True}),
        ("reset", {"state": 1}),
        ("members", {"mail": "ada@example.com"}),
        ("suspend", {"user": "ada@example.com"}),
        ("cycle", [1]),
    ],
)
def test_unknown_keys_are_refused(admin: httpx.Client, path: str, body: object) -> None:
    answer = admin.post(path, json=body)
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize("provider", ["okta", "entra"])
def test_a_member_is_added_and_removed_and_a_person_suspended(
    sandbox: Sandbox, admin: httpx.Client, provider: str
) -> None:
    group = make_group(sandbox, provider)
    who = {"identityProvider": provider, "email": "ada@example.com"}
    for member in (True, True, False):
        admin.post("members", json={**who, "group": group, "member": member}).raise_for_status()
        shown = admin.get("state").json()[provider]["groups"][-1]["members"]
        assert len(shown) == (1 if member else 0)
    admin.post("suspend", json=who).raise_for_status()
    people = {
        p.get("email", p.get("mail")): p for p in admin.get("state").json()[provider]["users"]
    }
    ada = people["ada@example.com"]
    assert ada.get("status", ada.get("accountEnabled")) in ("SUSPENDED", False)
    nobody = {**who, "email": "nobody@example.com"}
    assert admin.post("suspend", json=nobody).status_code == 404


def make_group(sandbox: Sandbox, provider: str, name: str = "Billing") -> str:
    """A new group by the vendor's own API; its id."""
    env = sandbox.env
    if provider == "okta":
        answer = httpx.post(
            f"{env['OKTA_HTTP_PROXY']}/api/v1/groups",
            json={"profile": {"name": name}},
            headers={"Authorization": f"SSWS {env['OKTA_API_TOKEN']}"},
            trust_env=False,
        )
        return answer.json()["id"]
    body = {
        "displayName": name,
        "mailEnabled": False,
        "mailNickname": "billing",
        "securityEnabled": True,
    }
    return Graph(sandbox).call("POST", "/groups", body)["id"]
