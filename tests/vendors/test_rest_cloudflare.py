"""Our Cloudflare client and SCIM endpoint against the sandbox."""

from collections.abc import Iterator

import httpx
import pytest

from cfscim.vendors.cloudflare.api import CloudflareClient, Owner
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.errors import AnswerError
from sandbox.server.server import Sandbox
from tests.vendors.rest_kit import ACCOUNT, RESOURCE, made, scim_token

OTHER = "f" * 32


@pytest.fixture
def cloudflare(sandbox: Sandbox) -> Iterator[CloudflareClient]:
    with CloudflareClient.from_settings({}, sandbox.env) as client:
        yield client


def endpoint(sandbox: Sandbox, token: str, account: str = ACCOUNT) -> ScimEndpoint:
    url = f"https://api.cloudflare.com/client/v4/accounts/{account}/scim/v2"
    return ScimEndpoint.from_settings({}, sandbox.env, base_url=url, token=token)


def test_a_token_as_it_was_made(cloudflare: CloudflareClient, sandbox: Sandbox) -> None:
    restricted = {"request_ip": {"in": ["192.0.2.0/24"]}}
    token = scim_token(sandbox, expires_on="2027-05-20T00:00:00Z", condition=restricted)
    found = cloudflare.token(ACCOUNT, "account", token["id"])
    assert (found.name, found.status) == ("cloudflare-scim-dev", "active")
    (policy,) = found.policies
    assert [group.name for group in policy.permission_groups] == ["SCIM Provisioning"]
    assert (policy.effect, policy.resources) == ("allow", RESOURCE)
    assert str(found.expires_on) == "2027-05-20 00:00:00+00:00"
    assert found.condition is not None
    assert found.condition.request_ip is not None
    assert found.condition.request_ip.allowed == ("192.0.2.0/24",)
    assert [one.id for one in cloudflare.tokens(ACCOUNT, "account")] == [token["id"]]
    assert token["value"] not in repr(found)


@pytest.mark.parametrize("owner", ["account", "user"])
def test_no_token_of_that_id(cloudflare: CloudflareClient, owner: Owner) -> None:
    assert cloudflare.find_token(ACCOUNT, owner, "0" * 32) is None


def test_a_token_is_verified_by_showing_it(cloudflare: CloudflareClient, sandbox: Sandbox) -> None:
    token = scim_token(sandbox)
    status = cloudflare.verify_token(ACCOUNT, "account", token["value"])
    assert (status.id, status.status) == (token["id"], "active")
    with pytest.raises(AnswerError) as caught:
        cloudflare.verify_token(ACCOUNT, "account", token["value"] + "x")
    assert caught.value.kind == "unauthorized"
    assert token["value"] not in str(caught.value)


def test_user_groups_with_policy_and_members(
    cloudflare: CloudflareClient, sandbox: Sandbox
) -> None:
    role = next(g for g in cloudflare.permission_groups(ACCOUNT) if g.name == "Administrator")
    whole = next(g for g in cloudflare.resource_groups(ACCOUNT) if g.is_account(ACCOUNT))
    policy = {
        "access": "allow",
        "permission_groups": [{"id": role.id}],
        "resource_groups": [{"id": whole.id}],
    }
    group = made(
        sandbox,
        f"/accounts/{ACCOUNT}/iam/user_groups",
        {"name": "Administrator", "policies": [policy]},
    )
    (member,) = cloudflare.members(ACCOUNT)
    made(sandbox, f"/accounts/{ACCOUNT}/iam/user_groups/{group['id']}/members", [{"id": member.id}])
    (found,) = cloudflare.user_groups(ACCOUNT)
    assert found.id == group["id"]
    assert found.policies is not None
    (given,) = found.policies
    assert given.access == "allow"
    assert [one.name for one in given.permission_groups or ()] == ["Administrator"]
    assert [one.is_account(ACCOUNT) for one in given.resource_groups or ()] == [True]
    (inside,) = cloudflare.user_group_members(ACCOUNT, group["id"])
    assert (inside.id, inside.email) == (member.id, "owner@example.com")


def test_members_and_the_signed_in_user(cloudflare: CloudflareClient) -> None:
    (owner,) = cloudflare.members(ACCOUNT)
    assert (owner.address, owner.status) == ("owner@example.com", "accepted")
    assert [role.name for role in owner.roles or ()] == ["Super Administrator - All Privileges"]
    assert cloudflare.get_user().email == "owner@example.com"


def test_every_catalogue_and_list_is_whole(cloudflare: CloudflareClient, sandbox: Sandbox) -> None:
    assert len(cloudflare.permission_groups(ACCOUNT)) > 50
    for number in range(53):
        made(sandbox, f"/accounts/{ACCOUNT}/iam/user_groups", {"name": f"g{number}"})
    assert len({group.id for group in cloudflare.user_groups(ACCOUNT)}) == 53


def test_the_guides_test_connection(sandbox: Sandbox, admin: httpx.Client) -> None:
    with endpoint(sandbox, scim_token(sandbox)["value"]) as scim:
        assert scim.service_provider_config().body["filter"]["supported"]
        page = scim.users_page(user_name="nobody@example.com")
        assert (page.total_results, page.resources) == (0, ())
        (owner,) = scim.users_page().resources
        assert owner["userName"] == "owner@example.com"


def test_a_token_of_another_account_is_refused(sandbox: Sandbox) -> None:
    token = scim_token(sandbox)["value"]
    with endpoint(sandbox, token, OTHER) as scim, pytest.raises(AnswerError) as caught:
        scim.users_page()
    assert caught.value.kind in ("forbidden", "unauthorized")
    assert token not in str(caught.value)


def test_a_token_without_the_permission_is_told_so(sandbox: Sandbox) -> None:
    with (
        CloudflareClient.from_settings(
            {}, {**sandbox.env, "CLOUDFLARE_API_TOKEN": scim_token(sandbox)["value"]}
        ) as limited,
        pytest.raises(AnswerError) as caught,
    ):
        limited.tokens(ACCOUNT, "account")
    assert caught.value.kind == "forbidden"
    assert "grant Account API Tokens Read" in str(caught.value)
