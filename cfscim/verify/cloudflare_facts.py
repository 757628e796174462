"""Everything `verify` reads of Cloudflare: the operator's view, and the SCIM endpoint's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.models import (
    AccountMember,
    AccountUser,
    ApiToken,
    PermissionGroup,
    ResourceGroup,
    TokenStatus,
    UserGroup,
)
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Reader, Reading
from cfscim.verify.scim_view import ScimGroup, ScimView

Owner = Literal["account", "user"]


@dataclass(frozen=True)
class CloudflareFacts:
    """Readings, each with its own success or error.

    `user`: whose token it is, asked for a user's token only.
    `group_members`: user group id -> addresses, for every group that gives something.
    `system_groups` and `users_in`: with virtual groups, what the SCIM endpoint shows.
    """

    token: Reading[ApiToken | None]
    tokens: Reading[tuple[ApiToken, ...]]
    shown: Reading[TokenStatus]
    user: Reading[AccountUser | None]
    probe: Reading[None]
    user_groups: Reading[tuple[UserGroup, ...]]
    permission_groups: Reading[tuple[PermissionGroup, ...]]
    resource_groups: Reading[tuple[ResourceGroup, ...]]
    members: Reading[tuple[AccountMember, ...]]
    group_members: Mapping[str, Reading[tuple[str, ...]]]
    system_groups: Mapping[Role, Reading[tuple[ScimGroup, ...]]]
    users_in: Reading[Mapping[str, frozenset[str]]]


def read_cloudflare(
    config: ScimConfig,
    outputs: StackOutputs,
    client: CloudflareClient,
    endpoint: ScimEndpoint,
    reader: Reader,
) -> CloudflareFacts:
    """Begins every reading; only the user groups' names are waited for."""
    account, owner = config.account.id, config.token.owner
    value = outputs.token_value
    view = ScimView(endpoint, client, account)
    groups = reader.read(lambda: client.user_groups(account))
    token = reader.read(lambda: client.find_token(account, owner, outputs.token_id))
    tokens = reader.read(lambda: client.tokens(account, owner))
    shown = reader.read(lambda: client.verify_token(account, owner, value.get_secret_value()))
    probe = reader.read(view.probe)
    members = reader.read(lambda: client.members(account))
    permissions = reader.read(lambda: client.permission_groups(account))
    resources = reader.read(lambda: client.resource_groups(account))
    virtual = config.role_model == "virtualGroups"
    giving = [group.id for group in groups.wait() or () if group.policies]
    named = {*group_names(config).values()}
    ours = [group.id for group in groups.wait() or () if group.name in named and not virtual]
    return CloudflareFacts(
        token=token,
        tokens=tokens,
        shown=shown,
        user=reader.read(client.get_user) if owner == "user" else Reading.of(None),
        probe=probe,
        user_groups=groups,
        permission_groups=permissions,
        resource_groups=resources,
        members=members,
        group_members={
            group: reader.read(lambda group=group: view.group_members(group))
            for group in dict.fromkeys([*ours, *giving])
        },
        system_groups={
            role: reader.read(lambda name=name: view.groups_named(name))
            for role, name in group_names(config).items()
            if virtual
        },
        users_in=reader.read(view.groups_by_person) if virtual else Reading.of({}),
    )
