"""Assigns the groups to the Entra application."""

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from cfscim.config.kinds import ENTRA_USERS_ASSIGNMENT, OF_ENTRA_ASSIGNMENT
from components.entra.groups import EntraGroups
from components.naming import taken_over

# The app role that every application made from the non-gallery template has.
USER_APP_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"


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
        assigned = [
            (lane.resource(OF_ENTRA_ASSIGNMENT, role), group, lane)
            for lane, roles in groups.by_lane.items()
            for role, group in roles.items()
        ]
        first = next(iter(groups.by_lane))
        for resource, group, lane in (*assigned, (ENTRA_USERS_ASSIGNMENT, groups.users, first)):
            azuread.AppRoleAssignment(
                resource,
                app_role_id=USER_APP_ROLE,
                principal_object_id=group.id,
                resource_object_id=service_principal_id,
                # Without the assignment Entra deactivates everybody in Cloudflare.
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[*after],
                    protect=group.protected,
                    aliases=taken_over(lane, resource),
                ),
            )
        self.register_outputs({})
