"""The official Python client against the sandbox, for every call that this project makes."""

import json
import os
from collections.abc import Iterator
from unittest.mock import patch as patched

import cloudflare
import pytest
from cloudflare import Cloudflare
from pydantic import BaseModel

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


def lacking(model: object, shown: object, path: str) -> list[str]:
    """What the client's types, made from Cloudflare's description, require and an answer lacks."""
    if isinstance(model, list) and isinstance(shown, list):
        pairs = zip(model, shown, strict=True)
        return [line for each, raw in pairs for line in lacking(each, raw, f"{path}[]")]
    if not isinstance(model, BaseModel) or not isinstance(shown, dict):
        return []
    fields = type(model).model_fields
    found = [
        f"{path}.{field.alias or name}"
        for name, field in fields.items()
        if field.is_required() and (field.alias or name) not in shown
    ]
    for name, field in fields.items():
        found += lacking(
            getattr(model, name, None), shown.get(field.alias or name), f"{path}.{name}"
        )
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client, for /roles
def test_every_answer_has_what_the_official_types_require(official: Cloudflare) -> None:
    account, user, iam = official.accounts, official.user, official.iam
    policies = [policy(SCIM_PROVISIONING)]
    role = next(iter(iam.permission_groups.list(account_id=ACCOUNT, name="Administrator")))
    whole = next(iter(iam.resource_groups.list(account_id=ACCOUNT, name=KEY)))
    grant = {
        "access": "allow",
        "permission_groups": [{"id": role.id}],
        "resource_groups": [{"id": whole.id}],
    }
    made = account.tokens.create(account_id=ACCOUNT, name="scim", policies=policies)  # type: ignore[arg-type]
    own = user.tokens.create(name="scim", policies=policies)  # type: ignore[arg-type]
    group = iam.user_groups.create(account_id=ACCOUNT, name="Administrator", policies=[grant])  # type: ignore[list-item]
    admin = next(iter(account.roles.list(account_id=ACCOUNT))).id
    member = account.members.create(account_id=ACCOUNT, email="ada@example.com", roles=[admin])
    assert made is not None
    assert own is not None
    assert group is not None
    assert member is not None
    iam.user_groups.members.create(group.id, account_id=ACCOUNT, members=[{"id": str(member.id)}])
    here = {"account_id": ACCOUNT}
    calls = {
        "user": lambda: user.with_raw_response.get(),
        "account": lambda: account.with_raw_response.get(**here),
        "accounts": lambda: account.with_raw_response.list(),
        "account token": lambda: account.tokens.with_raw_response.get(str(made.id), **here),
        "account tokens": lambda: account.tokens.with_raw_response.list(**here),
        "user token": lambda: user.tokens.with_raw_response.get(str(own.id)),
        "user tokens": lambda: user.tokens.with_raw_response.list(),
        "verify": lambda: user.tokens.with_raw_response.verify(),
        "permissions": lambda: account.tokens.permission_groups.with_raw_response.list(**here),
        "members": lambda: account.members.with_raw_response.list(**here),
        "member": lambda: account.members.with_raw_response.get(str(member.id), **here),
        "roles": lambda: account.roles.with_raw_response.list(**here),
        "permission groups": lambda: iam.permission_groups.with_raw_response.list(**here),
        "resource groups": lambda: iam.resource_groups.with_raw_response.list(**here),
        "user groups": lambda: iam.user_groups.with_raw_response.list(**here),
        "user group": lambda: iam.user_groups.with_raw_response.get(group.id, **here),
        "in group": lambda: iam.user_groups.members.with_raw_response.list(group.id, **here),
    }
    missing: list[str] = []
    for name, call in calls.items():
        answer = call()
        shown, model = json.loads(answer.text())["result"], answer.parse()
        missing += lacking(getattr(model, "result", model), shown, name)
    assert missing == []
