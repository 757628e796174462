"""The official Python client against the sandbox, for every call that this project makes."""

import os
from collections.abc import Iterator
from unittest.mock import patch as patched

import cloudflare
import pytest
from cloudflare import Cloudflare

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SCIM_PROVISIONING,
    SUPER_ADMINISTRATOR,
    policy,
)

KEY = f"com.cloudflare.api.account.{ACCOUNT}"


@pytest.fixture
def official(sandbox: Sandbox) -> Iterator[Cloudflare]:
    """The client as the ready line's environment configures it."""
    with patched.dict(os.environ, sandbox.env), Cloudflare(max_retries=0) as client:
        yield client


def test_the_environment_is_enough(official: Cloudflare) -> None:
    user = official.user.get()
    assert user is not None
    assert user.email == "owner@example.com"
    account = official.accounts.get(account_id=ACCOUNT)
    assert account is not None
    assert (account.id, account.type) == (ACCOUNT, "enterprise")
    assert [one.id for one in official.accounts.list()] == [ACCOUNT]


def test_token_permission_groups(official: Cloudflare) -> None:
    users = {g.name: g.id for g in official.user.tokens.permission_groups.list()}
    accounts = official.accounts.tokens.permission_groups.list(account_id=ACCOUNT)
    ids = {g.name: g.id for g in accounts}
    assert ids["SCIM Provisioning"] == users["SCIM Provisioning"] == SCIM_PROVISIONING
    assert "Memberships Read" in users
    assert "Memberships Read" not in ids
    one = official.accounts.tokens.permission_groups.list(
        account_id=ACCOUNT, name="SCIM Provisioning"
    )
    assert [group.scopes for group in one] == [["com.cloudflare.api.account"]]


def test_account_tokens(official: Cloudflare) -> None:
    tokens = official.accounts.tokens
    policies = [policy(SCIM_PROVISIONING)]
    created = tokens.create(account_id=ACCOUNT, name="scim", policies=policies)  # type: ignore[arg-type]
    assert created is not None
    assert created.id is not None
    assert created.value is not None
    own = Cloudflare(api_token=created.value, base_url=official.base_url, max_retries=0)
    verified = own.accounts.tokens.verify(account_id=ACCOUNT)
    assert verified is not None
    assert verified.status == "active"
    with pytest.raises(cloudflare.AuthenticationError):
        own.user.tokens.verify()
    changed = tokens.update(created.id, account_id=ACCOUNT, name="new", policies=policies)  # type: ignore[arg-type]
    assert changed is not None
    assert changed.name == "new"
    assert [token.name for token in tokens.list(account_id=ACCOUNT)] == ["new"]
    rolled = tokens.value.update(created.id, account_id=ACCOUNT)
    assert rolled not in (None, created.value)
    tokens.delete(created.id, account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError):
        tokens.get(created.id, account_id=ACCOUNT)


def test_user_tokens(official: Cloudflare) -> None:
    tokens = official.user.tokens
    created = tokens.create(name="guide", policies=[policy(SCIM_PROVISIONING)])  # type: ignore[arg-type]
    assert created is not None
    assert created.id is not None
    assert created.value is not None
    own = Cloudflare(api_token=created.value, base_url=official.base_url, max_retries=0)
    verified = own.user.tokens.verify()
    assert verified is not None
    assert verified.id == created.id
    got = tokens.get(created.id)
    assert got is not None
    assert got.policies is not None
    assert got.policies[0].resources == {KEY: "*"}
    tokens.delete(created.id)
    assert list(tokens.list()) == []


def test_roles_and_resource_groups(official: Cloudflare) -> None:
    roles = {group.name: group for group in official.iam.permission_groups.list(account_id=ACCOUNT)}
    assert {
        "Administrator Read Only",
        "Administrator",
        "Billing",
        SUPER_ADMINISTRATOR,
        "Minimal Account Access",
    } <= set(roles)
    by_label = official.iam.permission_groups.list(account_id=ACCOUNT, label="admin")
    assert [group.name for group in by_label] == ["Administrator"]
    first = next(iter(official.iam.resource_groups.list(account_id=ACCOUNT)))
    assert (first.name, first.scope.key) == (KEY, KEY)
    assert [one.key for one in first.scope.objects] == ["*"]
    token_groups = official.user.tokens.permission_groups.list()
    assert not {g.id for g in token_groups} & {g.id for g in roles.values()}


def test_user_groups_and_members(official: Cloudflare) -> None:
    role = next(iter(official.iam.permission_groups.list(account_id=ACCOUNT, name="Administrator")))
    resource = next(iter(official.iam.resource_groups.list(account_id=ACCOUNT, name=KEY)))
    groups = official.iam.user_groups
    created = groups.create(
        account_id=ACCOUNT,
        name="Administrator",
        policies=[
            {
                "access": "allow",
                "permission_groups": [{"id": role.id}],
                "resource_groups": [{"id": resource.id}],
            }
        ],
    )
    assert created is not None
    assert created.policies is not None
    [found] = groups.list(account_id=ACCOUNT, name="Administrator")
    got = groups.get(created.id, account_id=ACCOUNT)
    assert got is not None
    assert found.to_dict() == got.to_dict() == created.to_dict()
    member = official.accounts.members.create(
        account_id=ACCOUNT, email="ada@example.com", roles=["298ce8e7a2ba08b9d18ce0a32bb458ee"]
    )
    assert member is not None
    assert member.id is not None
    listed = official.iam.user_groups.members
    added = listed.create(created.id, account_id=ACCOUNT, members=[{"id": member.id}])
    assert [one.email for one in added] == ["ada@example.com"]
    shown = [one.id for one in listed.list(created.id, account_id=ACCOUNT)]
    assert shown == [member.id]
    assert {one.email for one in official.accounts.members.list(account_id=ACCOUNT)} == {
        "owner@example.com",
        "ada@example.com",
    }
    groups.update(created.id, account_id=ACCOUNT, name="Admins")
    groups.delete(created.id, account_id=ACCOUNT)
    assert list(groups.list(account_id=ACCOUNT)) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client, for /roles
def test_roles_list_has_the_well_known_id(official: Cloudflare) -> None:
    roles = {role.name: role.id for role in official.accounts.roles.list(account_id=ACCOUNT)}
    assert roles[SUPER_ADMINISTRATOR] == "33666b9c79b9a5273fc7344ff42f953d"
