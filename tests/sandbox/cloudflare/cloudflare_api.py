"""Short ways to call the sandbox's Cloudflare, used by its tests."""

from collections.abc import Mapping

import httpx

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN, plain_client

ACCOUNT = "0123456789abcdef0123456789abcdef"
OTHER_ACCOUNT = "fedcba9876543210fedcba9876543210"
SCIM_PROVISIONING = "d5812c023a5048b4882175a28952362d"
SETTINGS_READ = "c1fde68c7bcc44588cbb6ddbc16d6480"
SETTINGS_WRITE = "1af1fa2adc104452b74a9a3364202f20"
MEMBERSHIPS_READ = "3518d0f75557482e952c6762d3e64903"
MEMBERSHIPS_WRITE = "9201bc6f42d440968aaab0c6f17ebb1d"
SUPER_ADMINISTRATOR = "Super Administrator - All Privileges"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def client(sandbox: Sandbox, token: str | None = None, path: str = "") -> httpx.Client:
    """A client for /client/v4 + path; the operator's token unless another is given."""
    value = token or sandbox.env["CLOUDFLARE_API_TOKEN"]
    return plain_client(
        base_url=sandbox.env["CLOUDFLARE_BASE_URL"] + path,
        headers={"Authorization": f"Bearer {value}"},
    )


def account_client(sandbox: Sandbox, token: str | None = None) -> httpx.Client:
    """A client for the account's paths."""
    return client(sandbox, token, f"/accounts/{ACCOUNT}")


def scim_client(sandbox: Sandbox, token: str | None = None) -> httpx.Client:
    """A client for the account's SCIM endpoint."""
    account_client(sandbox).get("")  # an account exists from the operator's first call on
    return client(sandbox, token, f"/accounts/{ACCOUNT}/scim/v2")


def policy(*groups: str, resources: Mapping[str, object] | None = None) -> dict[str, object]:
    """A token policy; on the whole account unless told otherwise."""
    return {
        "effect": "allow",
        "permission_groups": [{"id": one} for one in groups],
        "resources": resources or {f"com.cloudflare.api.account.{ACCOUNT}": "*"},
    }


def account_token(sandbox: Sandbox, *groups: str, **settings: object) -> dict[str, str]:
    """Create an account-owned token; the answer's result, value included."""
    body = {"name": "test", "policies": [policy(*groups)], **settings}
    answer = account_client(sandbox).post("/tokens", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def user_token(sandbox: Sandbox, *policies: dict[str, object]) -> dict[str, str]:
    """Create a user-owned token of the operator."""
    answer = client(sandbox).post("/user/tokens", json={"name": "test", "policies": policies})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def scim_user(email: str, **changes: object) -> dict[str, object]:
    """The body that provisions a person."""
    return {
        "schemas": [CORE_USER],
        "userName": email,
        "emails": [{"value": email, "type": "work", "primary": True}],
        "name": {"givenName": email.split("@")[0].title(), "familyName": "Test"},
        "active": True,
        **changes,
    }


def patch(*operations: dict[str, object]) -> dict[str, object]:
    """A PATCH body."""
    return {"schemas": [PATCH_URN], "Operations": list(operations)}


def role_group_id(sandbox: Sandbox, name: str) -> str:
    """The id of a role as permission group."""
    found = account_client(sandbox).get("/iam/permission_groups", params={"name": name})
    return found.json()["result"][0]["id"]


def role_policy(sandbox: Sandbox, name: str) -> dict[str, object]:
    """A user group's policy: the role on the whole account."""
    key = f"com.cloudflare.api.account.{ACCOUNT}"
    groups = account_client(sandbox).get("/iam/resource_groups").json()["result"]
    whole = next(group for group in groups if group["name"] == key)
    return {
        "access": "allow",
        "permission_groups": [{"id": role_group_id(sandbox, name)}],
        "resource_groups": [{"id": whole["id"]}],
    }


def effective_roles(sandbox: Sandbox, email: str) -> list[str] | None:
    """What the admin API says about a person; None for no member."""
    state = PLAIN.get(sandbox.admin + "/state").json()
    for member in state["cloudflare"]["members"]:
        if member["email"] == email:
            return member["roles"]
    return None
