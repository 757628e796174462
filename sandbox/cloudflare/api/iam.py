"""Roles as permission groups, resource groups, and the policies that tie both together.

``/accounts/{id}/iam/…``, and the policies of members and user groups. Observed with the real API by
others: ``deny`` is refused ("Policy validation failed"), ids of existing policies must not be sent
again ("Cannot re-use policy IDs"), every change makes new ids, and an inline scope comes back
without an id.
Source: shapes D (OpenAPI, iam); the refusals named here C (provider acceptance tests) and P; that
a resource group in use is not deleted I.
"""

from collections.abc import Iterable

from werkzeug import Response

from sandbox.cloudflare.api.route import MEMBER_READ, account_route, json_object, page
from sandbox.cloudflare.catalog import ROLE_BY_GROUP_ID, ROLES, Role
from sandbox.cloudflare.errors import ApiError, policy_object, reply
from sandbox.cloudflare.models import Account, CloudflareState, Policy, ResourceGroup
from sandbox.server.router import Context

_WRITE = ("Account Settings Write",)


@account_route("GET", "/iam/permission_groups", *MEMBER_READ)
def list_role_groups(ctx: Context, account: Account) -> Response:
    """The dashboard's roles; filters id, name and label match exactly.

    Source: C: cloudflare-go's tests.
    """
    del account  # the same for every account
    wanted = {name: ctx.request.args.get(name) for name in ("id", "name", "label")}
    chosen = [
        describe_role_group(role)
        for role in ROLES
        if all(value in (None, getattr(role, name)) for name, value in wanted.items())
    ]
    return page(ctx, chosen, default=100)


@account_route("GET", "/iam/permission_groups/<group_id>", *MEMBER_READ)
def get_role_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One role (C: cloudflare-go's tests)."""
    del ctx, account
    if group_id not in ROLE_BY_GROUP_ID:
        raise ApiError(404, "permission group not found", code=404)
    return reply(describe_role_group(ROLE_BY_GROUP_ID[group_id]))


@account_route("GET", "/iam/resource_groups", *MEMBER_READ)
def list_resource_groups(ctx: Context, account: Account) -> Response:
    """The account's resource groups, the whole account first (D: API description)."""
    wanted = {name: ctx.request.args.get(name) for name in ("id", "name")}
    chosen = [
        describe_resource_group(group)
        for group in account.resource_groups.values()
        if all(value in (None, getattr(group, name)) for name, value in wanted.items())
    ]
    return page(ctx, chosen, default=100)


@account_route("POST", "/iam/resource_groups", *_WRITE)
def create_resource_group(ctx: Context, account: Account) -> Response:
    """Names need not be unique (D: API description)."""
    body = json_object(ctx)
    key, objects = parse_scope(account, body.get("scope"))
    name = _name(body)
    group = ResourceGroup(
        id=ctx.state.new_id("resource-group"), name=name, scope_key=key, objects=objects
    )
    account.resource_groups[group.id] = group
    return reply(describe_resource_group(group))


@account_route("GET", "/iam/resource_groups/<group_id>", *MEMBER_READ)
def get_resource_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One resource group (D: API description)."""
    del ctx
    return reply(describe_resource_group(_find(account, group_id)))


def _find(account: Account, group_id: str) -> ResourceGroup:
    if group_id not in account.resource_groups:
        raise ApiError(404, "resource group not found", code=404)
    return account.resource_groups[group_id]


def _name(body: dict[str, object]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "name is required")
    return name


def parse_member_policies(
    state: CloudflareState, account: Account, given: object, existing: Iterable[Policy]
) -> list[Policy]:
    """Turn the request's policies into stored ones. Raises ApiError 400."""
    if not isinstance(given, list):
        raise ApiError(400, "policies must be a list")
    used = {policy.id for policy in existing}
    return [_policy(state, account, policy, used) for policy in given]


def _policy(state: CloudflareState, account: Account, given: object, used: set[str]) -> Policy:
    given = policy_object(given)
    if given.get("id") in used:
        raise ApiError(400, "Cannot re-use policy IDs")
    if given.get("access") != "allow":
        raise ApiError(400, "Policy validation failed: access must be allow")
    roles = _objects(given.get("permission_groups"), "permission_groups")
    resources = _objects(given.get("resource_groups"), "resource_groups")
    ids, scopes = [], []
    for resource in resources:
        if "id" in resource:
            if resource["id"] not in account.resource_groups:
                raise ApiError(400, f"unknown resource group id {resource['id']!r}")
            ids.append(str(resource["id"]))
        else:
            key, objects = parse_scope(account, resource.get("scope"))
            scopes.append({"key": key, "objects": [{"key": name} for name in objects]})
    return Policy(
        id=state.new_id("policy"),
        permission_groups=[_role(role).id for role in roles],
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
    keys = [str(item.get("key", "")) for item in objects]
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
                describe_role_group(ROLE_BY_GROUP_ID[group]) for group in policy.permission_groups
            ],
            "resource_groups": [
                *(
                    describe_resource_group(account.resource_groups[group])
                    for group in policy.resource_groups
                ),
                *({"scope": scope} for scope in policy.scopes),
            ],
        }
        for policy in policies
    ]
