"""What each role group may do in Cloudflare: one User Group a role, of the pushed group's name.

Today a pushed group grants nothing until a policy is attached to the User Group of its name
(reference: Cloudflare's user-groups page), so these exist before the first push.
Deliberately not here: their members. A pushed group's membership is locked; only SCIM sets it.
"""

from collections.abc import Sequence

import pulumi
import pulumi_cloudflare as cloudflare

from cfscim.config.kinds import OF_USER_GROUP
from cfscim.config.lanes import Lane
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from components.lookups import Lookups
from components.naming import taken_over


class RoleUserGroups(pulumi.ComponentResource):
    """One Cloudflare User Group for each configured role, with that role on the whole account.

    In: the way (its config), look-ups, and what must exist before. Out: `groups`, role to the
    resource.
    """

    groups: dict[Role, cloudflare.UserGroup]

    def __init__(
        self,
        name: str,
        lane: Lane,
        lookups: Lookups,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:RoleUserGroups", name, {}, opts)
        config = lane.config
        self.groups = {
            role: cloudflare.UserGroup(
                resource,
                account_id=config.account.id,
                name=group,
                policies=[
                    {
                        "access": "allow",
                        "permission_groups": [{"id": lookups.role_permission(role)}],
                        "resource_groups": [{"id": lookups.account_resource_group}],
                    }
                ],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[*after],
                    # Without it people lose the role at once, Super Administrators included.
                    protect=lane.protects(resource),
                    # Destroying the stack must not take a role from anybody silently.
                    retain_on_delete=True,
                    # Cloudflare refuses to rename a group that SCIM manages.
                    replace_on_changes=["name"],
                    aliases=taken_over(lane, resource),
                ),
            )
            for role, group in group_names(config).items()
            for resource in [lane.resource(OF_USER_GROUP, role)]
        }
        self.register_outputs({role.value: group.id for role, group in self.groups.items()})
