"""docs/permissions.md: the reading sets suffice for every call of ours, and nothing in them is idle."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.api import OktaClient
from sandbox.server.server import Sandbox
from tests.loopback import plain_client
from tests.sandbox.entra.entra_support import Graph, Provisioning
from tests.sandbox.okta.okta_support import Okta
from tests.vendors.rest_kit import ACCOUNT, RESOURCE, listed, made, scim_token

PAGE = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
SPAN = {"since": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}
Calls = dict[str, Callable[[], object]]


def names(title: str) -> list[str]:
    """The first column of the first table under a heading of the page."""
    section = PAGE.split(f"### {title}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def failing(calls: Calls) -> set[str]:
    """The calls that are refused for want of a permission; any other trouble fails the test."""
    errors: dict[str, AnswerError] = {}
    for name, call in calls.items():
        try:
            call()
        except AnswerError as error:
            errors[name] = error
    others = [str(error) for error in errors.values() if error.kind != "forbidden"]
    assert not others, "something else than a permission is missing"
    assert all("docs/permissions.md" in str(error) for error in errors.values())
    return set(errors)


def idle(given: list[str], refused_with: Callable[[list[str]], set[str]]) -> list[str]:
    """Those of the given permissions without which nothing fails."""
    assert given, "the page names none"
    assert refused_with(given) == set(), "the page's set does not suffice"
    return [one for one in given if not refused_with([other for other in given if other != one])]


def okta_calls(okta: OktaClient, app_id: str, group_id: str) -> Calls:
    return {
        "app": lambda: okta.app(app_id),
        "apps_by_label": lambda: okta.apps_by_label("x"),
        "connection": lambda: okta.connection(app_id),
        "features": lambda: okta.features(app_id),
        "push_mappings": lambda: okta.push_mappings(app_id),
        "app_groups": lambda: okta.app_groups(app_id),
        "app_users": lambda: okta.app_users(app_id),
        "group": lambda: okta.group(group_id),
        "group_by_name": lambda: okta.group_by_name("x"),
        "group_members": lambda: okta.group_members(group_id),
        "users_by_email": lambda: okta.users_by_email(["ada@example.com"]),
        "logs": lambda: okta.logs(app_id, **SPAN),
    }


def test_okta(sandbox: Sandbox, admin: httpx.Client) -> None:
    with Okta(sandbox) as there:
        app_id, group_id = there.app(), there.group("Administrator", "ada")
    signin = admin.get("okta/oauth").json()
    env = {name: value for name, value in sandbox.env.items() if name != "OKTA_API_TOKEN"}
    env |= {"OKTA_API_CLIENT_ID": signin["clientId"], "OKTA_API_PRIVATE_KEY": signin["privateKey"]}

    def refused_with(scopes: list[str]) -> set[str]:
        settings = {**env, "OKTA_API_SCOPES": ",".join(scopes)}
        with OktaClient.from_settings({}, settings) as okta:
            return failing(okta_calls(okta, app_id, group_id))

    assert idle(names("Okta: for `verify`"), refused_with) == []


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[GraphClient]:
    with GraphClient.from_settings({}, sandbox.env) as client:
        yield client


def graph_calls(graph: GraphClient, app: Provisioning, group_id: str) -> Calls:
    return {
        "job": lambda: graph.job(app.sp_id, app.job_id),
        "jobs": lambda: graph.jobs(app.sp_id),
        "schema": lambda: graph.schema(app.sp_id, app.job_id),
        "secrets": lambda: graph.secrets(app.sp_id),
        "service_principal": lambda: graph.service_principal(app.sp_id),
        "app_role_assignments": lambda: graph.app_role_assignments(app.sp_id),
        "group": lambda: graph.group(group_id),
        "group_by_name": lambda: graph.group_by_name("Administrator"),
        "group_members": lambda: graph.group_members(group_id),
        "users_by_mail": lambda: graph.users_by_mail(["ada@example.com"]),
        "provisioning_logs": lambda: graph.provisioning_logs(app.job_id),
    }


def test_entra(sandbox: Sandbox, admin: httpx.Client, graph: GraphClient) -> None:
    there = Graph(sandbox)
    app, group_id = Provisioning(there), there.group("Administrator", "ada@example.com")
    calls = graph_calls(graph, app, group_id)

    def refused_with(roles: list[str]) -> set[str]:
        admin.post("entra/permissions", json={"roles": roles}).raise_for_status()
        return failing(calls)

    assert idle(names("Entra: for `verify`"), refused_with) == []
    refused_with(names("Entra: for `verify`"))
    with pytest.raises(AnswerError) as caught:
        graph.validate_credentials(app.sp_id, app.job_id)
    assert "grant Synchronization.ReadWrite.All" in str(caught.value)


def operator(sandbox: Sandbox, permissions: list[str]) -> str:
    """A token of the account with these permissions, for the program to work with."""
    known = listed(sandbox, f"/accounts/{ACCOUNT}/tokens/permission_groups")
    groups = [{"id": group["id"]} for group in known if group["name"] in permissions]
    policy = {"effect": "allow", "permission_groups": groups, "resources": RESOURCE}
    return made(sandbox, f"/accounts/{ACCOUNT}/tokens", {"name": "operator", "policies": [policy]})[
        "value"
    ]


def test_cloudflare(sandbox: Sandbox) -> None:
    token_id = scim_token(sandbox)["id"]
    group_id = made(sandbox, f"/accounts/{ACCOUNT}/iam/user_groups", {"name": "Billing"})["id"]

    def refused_with(permissions: list[str]) -> set[str]:
        env = {**sandbox.env, "CLOUDFLARE_API_TOKEN": operator(sandbox, permissions)}
        with CloudflareClient.from_settings({}, env) as client:
            return failing(
                {
                    "token": lambda: client.token(ACCOUNT, "account", token_id),
                    "tokens": lambda: client.tokens(ACCOUNT, "account"),
                    "user_groups": lambda: client.user_groups(ACCOUNT),
                    "group_members": lambda: client.user_group_members(ACCOUNT, group_id),
                    "members": lambda: client.members(ACCOUNT),
                    "permission_groups": lambda: client.permission_groups(ACCOUNT),
                    "resource_groups": lambda: client.resource_groups(ACCOUNT),
                }
            )

    # A token without any permission cannot be made, so one at a time is left out of the two.
    assert idle(names("Cloudflare: for `verify`"), refused_with) == []


def test_a_token_for_up_makes_what_up_makes(sandbox: Sandbox) -> None:
    value = operator(sandbox, names("Cloudflare: for `pulumi up` with `token.owner: account`"))
    headers = {"Authorization": f"Bearer {value}"}
    base = sandbox.env["CLOUDFLARE_BASE_URL"] + f"/accounts/{ACCOUNT}"
    with plain_client(headers=headers) as client:
        for path in ("/tokens/permission_groups", "/iam/permission_groups", "/iam/resource_groups"):
            assert client.get(base + path).is_success, path
        group = client.post(base + "/iam/user_groups", json={"name": "Billing"})
        assert group.is_success, group.text
        scim = client.get(base + "/tokens/permission_groups").json()["result"]
        chosen = [{"id": one["id"]} for one in scim if one["name"] == "SCIM Provisioning"]
        policy = {"effect": "allow", "permission_groups": chosen, "resources": RESOURCE}
        token = client.post(base + "/tokens", json={"name": "t", "policies": [policy]})
        assert token.is_success, token.text
