"""Our sign-in to Okta against the sandbox, by token and as a service app, through the proxy."""

import httpx
import pytest

from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.api import OktaClient
from sandbox.server.server import Sandbox
from tests.vendors.rest_kit import requests


def env_of(sandbox: Sandbox, admin: httpx.Client, scopes: str) -> dict[str, str]:
    app = admin.get("okta/oauth").json()
    env = {name: value for name, value in sandbox.env.items() if name != "OKTA_API_TOKEN"}
    return {
        **env,
        "OKTA_API_CLIENT_ID": app["clientId"],
        "OKTA_API_PRIVATE_KEY": app["privateKey"],
        "OKTA_API_PRIVATE_KEY_ID": app["privateKeyId"],
        "OKTA_API_SCOPES": scopes,
    }


def test_a_service_app_reads_what_its_scopes_allow(sandbox: Sandbox, admin: httpx.Client) -> None:
    env = env_of(sandbox, admin, "okta.groups.read,okta.users.read")
    with OktaClient.from_settings({}, env) as okta:
        assert okta.group_by_name("Everyone") is not None
        assert len(okta.users_by_email(["ada@example.com"])["ada@example.com"]) == 1
        with pytest.raises(AnswerError) as caught:
            okta.apps_by_label("Cloudflare SCIM")
    assert caught.value.kind == "forbidden"
    assert "grant okta.apps.read" in str(caught.value)


def test_a_wrong_token_is_named_and_not_shown(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "OKTA_API_TOKEN": "00wrong-wrong-wrong-wrong-wrong-wrong-wron"}
    with OktaClient.from_settings({}, env) as okta, pytest.raises(AnswerError) as caught:
        okta.app("0oa1")
    assert caught.value.kind == "unauthorized"
    assert "check okta:apiToken or OKTA_API_TOKEN" in str(caught.value)
    assert "00wrong" not in str(caught.value)


def test_requests_go_through_the_proxy_as_the_providers_do(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    with OktaClient.from_settings({"okta:orgName": "other"}, sandbox.env) as okta:
        okta.group_by_name("Everyone")
    assert [request["status"] for request in requests(admin, "/api/v1/groups")] == [200]


def test_no_secret_is_in_the_request_log(sandbox: Sandbox, admin: httpx.Client) -> None:
    env = env_of(sandbox, admin, "okta.groups.read")
    with OktaClient.from_settings({}, env) as okta:
        okta.group_by_name("Everyone")
    log = admin.get("requests").text
    assert "/oauth2/v1/token" in log
    assert "eyJ" not in log
