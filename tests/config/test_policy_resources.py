"""A generated set of violations in what is declared: each is refused, by the rule meant for it."""

import json

import pytest

from cfscim.config.policy.rules import evaluate
from tests.config.policy_kit import OTHER, names, of_changed, views, with_added, with_inputs
from tests.configs import ACCOUNT

SCOPE = "com.cloudflare.api.account"
BASE_URL = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
SHAPED = "cfat_" + "a1B2" * 10
GROUPS = {
    "okta": [v.name for v in views("okta") if v.type == "okta:group/group:Group"],
    "entra": [v.name for v in views("entra") if v.type == "azuread:index/group:Group"],
}
USER_GROUPS = [v.name for v in views("okta") if v.type.endswith(":UserGroup")]
PUSHES = [v.name for v in views("okta") if v.type.endswith(":PushGroup")]


def _policy(resources: object, ids: tuple[str, ...] = ("${permission group: SCIM Provisioning}",)):
    text = resources if isinstance(resources, str) else json.dumps(resources)
    groups = [{"id": one} for one in ids]
    return [{"effect": "allow", "permissionGroups": groups, "resources": text}]


def test_the_sets_are_not_empty() -> None:
    assert len(GROUPS["okta"]) == len(GROUPS["entra"]) == 5
    assert len(USER_GROUPS) == len(PUSHES) == 4


@pytest.mark.parametrize(
    "resources",
    [
        {f"{SCOPE}.*": "*"},
        {"*": "*"},
        {f"{SCOPE}.{OTHER}": "*"},
        {f"{SCOPE}.{ACCOUNT}": "*", f"{SCOPE}.{OTHER}": "*"},
        {f"{SCOPE}.{ACCOUNT}": {"com.cloudflare.api.account.zone.*": "*"}},
        {"com.cloudflare.api.user.deadbeef": "*"},
        {},
        "no JSON",
        "[]",
    ],
    ids=str,
)
def test_token_beyond_its_account(resources: object) -> None:
    assert names(with_inputs("okta", "token", policies=_policy(resources))) == {"token-one-account"}


@pytest.mark.parametrize(
    "inputs", [{"accountId": OTHER}, {"policies": None}, {"policies": []}], ids=str
)
def test_token_of_another_account_or_unread(inputs: dict[str, object]) -> None:
    assert names(with_inputs("okta", "token", **inputs)) == {"token-one-account"}


@pytest.mark.parametrize(
    "ids",
    [
        ("${permission group: Account Settings Write}",),
        ("${permission group: SCIM Provisioning}", "${permission group: Memberships Write}"),
        ("0" * 32,),
    ],
)
def test_token_with_a_further_permission(ids: tuple[str, ...]) -> None:
    policies = _policy({f"{SCOPE}.{ACCOUNT}": "*"}, ids)
    assert names(with_inputs("okta", "token", policies=policies)) == {"token-permissions"}


@pytest.mark.parametrize("ends", [None, "", "soon", "2027-11-24T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_token_without_a_near_end(ends: str | None) -> None:
    assert names(with_inputs("okta", "token", expiresOn=ends)) == {"token-expiry"}


def test_token_may_end_on_the_365th_day() -> None:
    assert names(with_inputs("okta", "token", expiresOn="2027-11-23T23:59:59Z")) == set()


@pytest.mark.parametrize(
    "changes",
    [{"protect": True}, {"replacement_trigger": None}, {"replacement_trigger": "2"}],
    ids=str,
)
def test_token_not_replaced_by_its_rotation(changes: dict[str, object]) -> None:
    assert names(of_changed("okta", "token", **changes)) == {"token-rotation"}


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k in GROUPS for n in GROUPS[k]])
def test_group_unprotected(kind: str, name: str) -> None:
    assert names(of_changed(kind, name, protect=False)) == {"groups-and-app-protected"}


@pytest.mark.parametrize(("kind", "name"), [("okta", "okta-app"), ("entra", "entra-app")])
def test_app_unprotected(kind: str, name: str) -> None:
    assert names(of_changed(kind, name, protect=False)) == {"groups-and-app-protected"}


@pytest.mark.parametrize("name", USER_GROUPS)
def test_user_group_unprotected_or_misnamed(name: str) -> None:
    assert names(of_changed("okta", name, protect=False)) == {"groups-and-app-protected"}
    assert names(with_inputs("okta", name, name="Super Administrator")) == {"four-roles"}
    assert names(with_inputs("okta", name, name="Cloudflare Users")) == {"four-roles"}


@pytest.mark.parametrize(
    ("role", "scopes"), [("DNS", 1), ("Billing", 2), (None, 1), ("Super Administrator", 1)]
)
def test_user_group_with_another_role(role: str | None, scopes: int) -> None:
    groups = [{"id": f"${{permission group: {role}}}"}] if role else []
    policy = {"permissionGroups": groups, "resourceGroups": [{"id": "x"}] * scopes}
    assert names(with_inputs("okta", "user-group-billing", policies=[policy])) == {"four-roles"}


def test_user_group_with_a_second_policy() -> None:
    policies = next(v for v in views("okta") if v.name == "user-group-billing").inputs["policies"]
    assert isinstance(policies, list)
    assert names(with_inputs("okta", "user-group-billing", policies=policies * 2)) == {"four-roles"}


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("cloudflare:index/accountMember:AccountMember", {"email": "eve@example.com"}),
        ("cloudflare:index/userGroupMembers:UserGroupMembers", {"userGroupId": "x"}),
        ("okta:group/group:Group", {"name": "Administrators"}),
        ("azuread:index/group:Group", {"displayName": "administrator"}),
    ],
)
def test_access_past_the_four_roles(type_: str, inputs: dict[str, object]) -> None:
    assert names(with_added("okta", type_, **inputs)) == {"four-roles"}


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("okta:index/userGroupMemberships:UserGroupMemberships", {"userId": "u", "groups": ["g"]}),
        ("okta:index/groupMemberships:GroupMemberships", {"groupId": "g", "users": ["u"]}),
        ("okta:group/rule:Rule", {"name": "all", "groupAssignments": ["g"]}),
        ("okta:app/groupAssignment:GroupAssignment", {"appId": "a", "groupId": "everyone"}),
        ("okta:index/appGroupAssignments:AppGroupAssignments", {"appId": "a", "groups": []}),
        (
            "okta:index/pushGroup:PushGroup",
            {"sourceGroupId": "g", "deleteTargetGroupOnDestroy": False},
        ),
        ("okta:user/user:User", {"email": "eve@example.com"}),
        ("okta:index/userAdminRoles:UserAdminRoles", {"userId": "u"}),
        ("azuread:index/directoryRole:DirectoryRole", {"displayName": "Global Administrator"}),
        ("azuread:index/directoryRoleAssignment:DirectoryRoleAssignment", {"roleId": "r"}),
        ("azuread:index/groupMember:GroupMember", {"groupObjectId": "g"}),
        ("azuread:index/appRoleAssignment:AppRoleAssignment", {"principalObjectId": "p"}),
        ("cloudflare:index/account:Account", {"name": "another"}),
        ("cloudflare:index/accessPolicy:AccessPolicy", {}),
        ("command:local:Command", {"create": "curl"}),
        ("pulumi-python:dynamic:Resource", {}),
        ("pulumi-python:dynamic/cloudflare-scim:Other", {}),
        ("pulumi-nodejs:dynamic:Resource", {}),
        ("pulumi:pulumi:StackReference", {"name": "org/project/prod"}),
        ("pulumi:providers:okta", {"baseUrl": "evil.example"}),
        ("pulumi:providers:cloudflare", {"baseUrl": "https://evil.example"}),
        ("pulumi:providers:command", {}),
        ("okta:app/features:Features", {"appId": "a"}),
        ("okta:group/group:Group", {"name": "Administrator"}),
        ("azuread:index/group:Group", {"displayName": "Administrator"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_what_the_config_does_not_account_for(kind: str, type_: str, inputs: dict) -> None:
    assert names(with_added(kind, type_, **inputs)) == {"four-roles"}


@pytest.mark.parametrize(
    ("kind", "name", "changes"),
    [
        ("okta", "okta-push-billing", {"fed_by": {"appId": ("okta-app",), "sourceGroupId": ()}}),
        (
            "okta",
            "okta-push-billing",
            {"fed_by": {"appId": ("okta-app",), "sourceGroupId": ("okta-users-group",)}},
        ),
        ("okta", "okta-app-assignments", {"fed_by": {"appId": ("okta-app",)}}),
        (
            "okta",
            "okta-users-group-ada@example.com",
            {"fed_by": {"groups": ("okta-group-super-administrator",)}},
        ),
        ("okta", "okta-users-group-ada@example.com", {"name": "okta-users-group-eve@example.com"}),
        (
            "okta",
            "okta-group-administrator-members",
            {"fed_by": {"groupId": ("okta-group-super-administrator",)}},
        ),
        (
            "entra",
            "entra-assignment-users",
            {"fed_by": {"principalObjectId": (), "resourceObjectId": ("entra-app",)}},
        ),
    ],
)
def test_the_right_resource_made_from_another_group(kind: str, name: str, changes: dict) -> None:
    assert names(of_changed(kind, name, **changes)) == {"four-roles"}


@pytest.mark.parametrize(
    ("kind", "name", "inputs"),
    [
        (
            "okta",
            "okta-group-administrator-members",
            {"users": ["${user: ada@example.com}", "${user: eve@example.com}"]},
        ),
        ("okta", "okta-group-administrator-members", {"users": ["00u1", "00u2"]}),
        ("okta", "okta-users-group-ada@example.com", {"groups": ["g1", "g2"]}),
        ("okta", "okta-app-assignments", {"groups": [{"id": "g1"}, {"id": "everyone"}]}),
        ("okta", "user-group-billing", {"accountId": OTHER}),
        (
            "entra",
            "entra-group-administrator",
            {"members": ["${user: ada@example.com}", "${user: eve@example.com}"]},
        ),
        ("entra", "entra-users-group-members", {"members": ["x"] * 40}),
    ],
)
def test_more_people_or_another_account_than_the_config_says(
    kind: str, name: str, inputs: dict
) -> None:
    assert names(with_inputs(kind, name, **inputs)) == {"four-roles"}


@pytest.mark.parametrize(
    ("kind", "name", "inputs"),
    [
        ("okta", "okta-group-billing", {"name": "Super Administrator - All Privileges"}),
        ("okta", "okta-users-group", {"name": "Administrator"}),
        ("okta", "user-group-billing", {"name": "Administrator"}),
        ("entra", "entra-group-billing", {"displayName": "Administrator"}),
        ("entra", "entra-secret", {"credentials": [{"key": "BaseAddress", "value": "https://x"}]}),
        ("entra", "entra-secret", {"credentials": [{"key": "SyncAll", "value": "true"}]}),
        ("entra", "entra-secret", {"credentials": [{"key": "Other", "value": "x"}]}),
    ],
)
def test_the_right_resource_that_says_something_else(kind: str, name: str, inputs: dict) -> None:
    assert names(with_inputs(kind, name, **inputs)) == {"four-roles"}


@pytest.mark.parametrize("name", ["entra-secret", "entra-job"])
def test_what_belongs_to_the_application_is_made_from_it(name: str) -> None:
    changed = of_changed("entra", name, fed_by={"servicePrincipalId": ()})
    assert names(changed) == {"four-roles"}


@pytest.mark.parametrize(
    ("kind", "package", "name", "refused"),
    [
        ("okta", "okta", "default_6_8_0", False),
        ("entra", "azuread", "default_6_10_0", False),
        ("entra", "pulumi-python", "default", False),
        ("okta", "azuread", "default_6_10_0", True),
        ("okta", "command", "default_1_0_0", True),
        ("okta", "okta", "mine", True),
    ],
)
def test_providers_are_those_that_the_engine_makes(
    kind: str, package: str, name: str, refused: bool
) -> None:
    found = with_added(kind, f"pulumi:providers:{package}", name)
    assert names(found) == ({"four-roles"} if refused else set())


@pytest.mark.parametrize(
    ("type_", "owner"),
    [
        ("cloudflare:index/accountToken:AccountToken", "a second"),
        ("cloudflare:index/apiToken:ApiToken", "token"),
    ],
)
def test_a_second_token_or_one_of_another_owner(type_: str, owner: str) -> None:
    assert "four-roles" in names(with_added("okta", type_, owner))


@pytest.mark.parametrize("name", PUSHES)
@pytest.mark.parametrize("given", [True, None, "false"])
def test_push_that_deletes_its_target(name: str, given: object) -> None:
    assert names(with_inputs("okta", name, deleteTargetGroupOnDestroy=given)) == {
        "push-keeps-groups"
    }


@pytest.mark.parametrize(
    "inputs",
    [
        {"description": SHAPED},
        {"profile": {"nested": ["x", SHAPED]}},
        {"key": "-----BEGIN PRIVATE KEY-----\nMII"},
    ],
    ids=["top", "nested", "pem"],
)
def test_credential_in_plain_text(inputs: dict[str, object]) -> None:
    found = with_added("okta", "random:index/thing:Thing", **inputs)
    assert names(found) == {"no-plain-secret", "four-roles"}
    assert not any(text in str(v.message) for v in found for text in (SHAPED, "MII"))


def test_token_handed_over_unmarked() -> None:
    given = [
        {"key": "BaseAddress", "value": BASE_URL},
        {"key": "SecretToken", "value": "letmein"},
    ]
    assert names(with_inputs("entra", "entra-secret", credentials=given)) == {"no-plain-secret"}
    connection = ("okta", "okta:app/connection:Connection", "okta-connection")
    assert names(with_added(*connection, profile={"token": "letmein"})) == {"no-plain-secret"}
    assert names(with_added(*connection, profile={"token": "[secret]"})) == set()


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_what_the_program_declares_is_sound(kind: str) -> None:
    from tests.config.policy_kit import TODAY, config_object, parsed

    assert evaluate(parsed(config_object(kind)), views(kind), stack="prod", today=TODAY) == []
