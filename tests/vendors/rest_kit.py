"""What the tests of our REST clients share: things made in the sandbox's Cloudflare."""

from typing import Any

import httpx

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN

ACCOUNT = "0123456789abcdef0123456789abcdef"
SCIM_URL = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
SCIM_PROVISIONING = "d5812c023a5048b4882175a28952362d"
RESOURCE = {f"com.cloudflare.api.account.{ACCOUNT}": "*"}


def made(sandbox: Sandbox, path: str, body: object) -> dict[str, str]:
    """POSTs to the sandbox's Cloudflare as its operator; returns the result."""
    headers = {"Authorization": f"Bearer {sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    answer = PLAIN.post(sandbox.env["CLOUDFLARE_BASE_URL"] + path, headers=headers, json=body)
    assert answer.is_success, answer.text
    return answer.json()["result"]


def listed(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    """GETs a list of the sandbox's Cloudflare as its operator."""
    headers = {"Authorization": f"Bearer {sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    answer = PLAIN.get(sandbox.env["CLOUDFLARE_BASE_URL"] + path, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()["result"]


def scim_token(sandbox: Sandbox, **more: object) -> dict[str, str]:
    """A token as the program makes it: SCIM Provisioning on this account."""
    groups = [{"id": SCIM_PROVISIONING}]
    policy = {"effect": "allow", "permission_groups": groups, "resources": RESOURCE}
    body = {"name": "cloudflare-scim-dev", "policies": [policy], **more}
    return made(sandbox, f"/accounts/{ACCOUNT}/tokens", body)


def requests(admin: httpx.Client, path: str) -> list[dict[str, object]]:
    """The sandbox's requests to exactly this path."""
    return [request for request in admin.get("requests").json() if request["path"] == path]
