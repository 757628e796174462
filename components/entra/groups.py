"""The role groups and the users' group in Entra (guide: Configure user permissions in Azure AD)."""

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from cfscim.config.access import people as everyone_listed
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from components.entra.group import EntraGroup
from components.naming import role_resource

# The app role that every application made from the non-gallery template has.
USER_APP_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
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


class EntraAssignments(pulumi.ComponentResource):
    """Assigns every group to the application: a role without it grants nothing."""

    def __init__(
        self,
        name: str,
        groups: EntraGroups,
        service_principal_id: pulumi.Output[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraAssignments", name, {}, opts)
        assigned = {role_resource("entra-assignment", r): g for r, g in groups.roles.items()}
        for resource, group in {**assigned, "entra-assignment-users": groups.users}.items():
            azuread.AppRoleAssignment(
                resource,
                app_role_id=USER_APP_ROLE,
                principal_object_id=group.id,
                resource_object_id=service_principal_id,
                # Without the assignment Entra deactivates everybody in Cloudflare.
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[*after], protect=group.protected
                ),
            )
        self.register_outputs({})


def _ids(addresses: list[str], people: pulumi.Output[dict[str, str]]) -> pulumi.Output[list[str]]:
    return people.apply(lambda ids: sorted({ids[address] for address in addresses}))
