"""The sandbox's Cloudflare against the answers in its official clients' and provider's tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SCIM_PROVISIONING,
    SUPER_ADMINISTRATOR,
    account_client,
    client,
    policy,
)
from tests.sandbox.examples import compare, filled

FACTS: Any = json.loads(Path(__file__).with_name("cloudflare_examples.json").read_text("utf-8"))
WHOLE = f"com.cloudflare.api.account.{ACCOUNT}"


@pytest.fixture
def names(sandbox: Sandbox) -> dict[str, str]:
    """An account with a token of each owner, limited in every way, and an invited member."""
    condition = {"request.ip": {"in": ["192.0.2.0/24"], "not_in": ["198.51.100.0/24"]}}
    limits = {"not_before": "2018-07-01T05:20:00Z", "expires_on": "2099-01-01T00:00:00Z"}
    body = {"name": "limited", "policies": [policy(SCIM_PROVISIONING)], **limits}
    with account_client(sandbox) as account, client(sandbox) as user:

        def one(path: str, name: str) -> str:
            found = account.get(path).json()["result"]
            return next(each["id"] for each in found if each["name"] == name)

        member = {"email": "ada@example.com", "roles": [one("/roles", "Administrator Read Only")]}
        tokens = [
            api.post(path, json={**body, "condition": condition}).json()["result"]["id"]
            for api, path in ((account, "/tokens"), (user, "/user/tokens"))
        ]
        return {
            "account": ACCOUNT,
            "scim": SCIM_PROVISIONING,
            "account token": tokens[0],
            "user token": tokens[1],
            "member": account.post("/members", json=member).json()["result"]["id"],
            "administrator role": one("/roles", "Administrator"),
            "super role": one("/roles", SUPER_ADMINISTRATOR),
            "administrator permission": one("/iam/permission_groups", "Administrator"),
            "super permission": one("/iam/permission_groups", SUPER_ADMINISTRATOR),
            "whole account": one("/iam/resource_groups", WHOLE),
        }


@pytest.mark.parametrize("example", FACTS["examples"], ids=lambda example: example["page"])
def test_status_and_keys_are_those_of_the_published_example(
    sandbox: Sandbox, names: dict[str, str], example: Any
) -> None:
    given = filled(example, names)
    with client(sandbox) as api:
        answer = api.request(given["method"], given["path"], json=given.get("body"))
    assert answer.status_code == given["status"], answer.text
    compare(FACTS, given, answer.json())
