"""The role groups and the users' group in Entra (guide: Configure user permissions in Azure AD)."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people as everyone_listed
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from components.entra.group import EntraGroup
from components.naming import role_resource

USERS_GROUP_DESCRIPTION = "All Cloudflare users; assigned to the Cloudflare SCIM application"


class EntraGroups(pulumi.ComponentResource):
    """In: config, the ids of everyone listed, and what must exist before.

    Out: `roles` (role to group) and `users`.
    """

    roles: dict[Role, EntraGroup]
    users: EntraGroup

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        entra_config: EntraConfig,
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraGroups", name, {}, opts)
        self.roles = {}
        for role, group_name in group_names(config).items():
            members = config.roles[role].members
            self.roles[role] = EntraGroup(
                role_resource("entra-group", role),
                group_name,
                f"Gives the Cloudflare role {role.value}",
                exact=None if members is None else _ids(list(members), people),
                after=after,
                protect=config.protects(role_resource("entra-group", role)),
                opts=pulumi.ResourceOptions(parent=self),
            )
        listed = list(everyone_listed(config))
        given = entra_config.users_group.members is not None
        self.users = EntraGroup(
            "entra-users-group",
            entra_config.users_group.name,
            USERS_GROUP_DESCRIPTION,
            exact=_ids(listed, people) if given else None,
            at_least=_ids(listed, people) if listed and not given else None,
            after=after,
            protect=config.protects("entra-users-group"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({role.value: group.id for role, group in self.roles.items()})


def _ids(addresses: list[str], people: pulumi.Output[dict[str, str]]) -> pulumi.Output[list[str]]:
    return people.apply(lambda ids: sorted({ids[address] for address in addresses}))
