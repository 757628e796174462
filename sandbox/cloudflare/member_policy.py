"""Policies of members and user groups: roles on resource groups.

Observed with the real API by others: ``deny`` is refused ("Policy validation failed"), ids of
existing policies must not be sent again ("Cannot re-use policy IDs"), every change makes new ids,
and an inline scope comes back without an id.
"""

from collections.abc import Iterable

from sandbox.cloudflare.catalog import ROLE_BY_GROUP_ID, Role
from sandbox.cloudflare.errors import ApiError
from sandbox.cloudflare.model import Account, Policy, ResourceGroup
from sandbox.cloudflare.state import CloudflareState


def parse_member_policies(
    state: CloudflareState, account: Account, given: object, existing: Iterable[Policy]
) -> list[Policy]:
    """Turn the request's policies into stored ones. Raises ApiError 400."""
    if not isinstance(given, list):
        raise ApiError(400, "policies must be a list")
    used = {policy.id for policy in existing}
    return [_policy(state, account, one, used) for one in given]


def _policy(state: CloudflareState, account: Account, given: object, used: set[str]) -> Policy:
    if not isinstance(given, dict):
        raise ApiError(400, "a policy must be an object")
    if given.get("id") in used:
        raise ApiError(400, "Cannot re-use policy IDs")
    if given.get("access") != "allow":
        raise ApiError(400, "Policy validation failed: access must be allow")
    roles = _objects(given.get("permission_groups"), "permission_groups")
    resources = _objects(given.get("resource_groups"), "resource_groups")
    ids, scopes = [], []
    for one in resources:
        if "id" in one:
            if one["id"] not in account.resource_groups:
                raise ApiError(400, f"unknown resource group id {one['id']!r}")
            ids.append(str(one["id"]))
        else:
            key, objects = parse_scope(account, one.get("scope"))
            scopes.append({"key": key, "objects": [{"key": name} for name in objects]})
    return Policy(
        id=state.new_id("policy"),
        permission_groups=[_role(one).id for one in roles],
        resource_groups=ids,
        scopes=scopes,
    )


def _objects(given: object, name: str) -> list[dict[str, object]]:
    if not isinstance(given, list) or not given or not all(isinstance(x, dict) for x in given):
        raise ApiError(400, f"Policy validation failed: {name} must be a list of objects")
    return given


def _role(given: dict[str, object]) -> Role:
    role = ROLE_BY_GROUP_ID.get(str(given.get("id")))
    if role is None:
        raise ApiError(
            400, f"unknown permission group id {given.get('id')!r} (see iam/permission_groups)"
        )
    return role


def parse_scope(account: Account, given: object) -> tuple[str, list[str]]:
    """The key and the object keys of a resource group's scope. Raises ApiError 400."""
    if not isinstance(given, dict) or given.get("key") != account.scope_key:
        raise ApiError(400, f"scope.key must be {account.scope_key}")
    objects = _objects(given.get("objects"), "scope.objects")
    keys = [str(one.get("key", "")) for one in objects]
    if not all(key == "*" or key.startswith("com.cloudflare.api.account.zone.") for key in keys):
        raise ApiError(400, "scope.objects: each key is * or a zone")
    return account.scope_key, keys


def describe_role_group(role: Role) -> dict[str, object]:
    """A role as a permission group, the way /iam shows it."""
    return {
        "id": role.id,
        "name": role.name,
        "status": "V",
        "meta": {
            "description": role.description,
            "editable": "false",
            "label": role.label,
            "scopes": role.scope,
        },
    }


def describe_resource_group(group: ResourceGroup) -> dict[str, object]:
    """A resource group. Its scope is one object, as in the API; the Terraform schema of the
    data source has a list there and therefore reads none (terraform-provider-cloudflare 5.22)."""
    return {
        "id": group.id,
        "name": group.name,
        "meta": {"editable": str(group.editable).lower()},
        "scope": {"key": group.scope_key, "objects": [{"key": key} for key in group.objects]},
    }


def describe_policies(account: Account, policies: list[Policy]) -> list[dict[str, object]]:
    """Policies with their roles and resources spelled out, in the order given."""
    return [
        {
            "id": policy.id,
            "access": policy.access,
            "status": "V",
            "created_on": policy.created_on,
            "modified_on": policy.created_on,
            "permission_groups": [
                describe_role_group(ROLE_BY_GROUP_ID[one]) for one in policy.permission_groups
            ],
            "resource_groups": [
                *(
                    describe_resource_group(account.resource_groups[one])
                    for one in policy.resource_groups
                ),
                *({"scope": scope} for scope in policy.scopes),
            ],
        }
        for policy in policies
    ]
