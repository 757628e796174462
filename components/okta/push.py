"""The role groups in Okta, and their push to Cloudflare (guide: Push Groups)."""

from collections.abc import Sequence

import pulumi
import pulumi_okta as okta

from cfscim.config.kinds import OF_OKTA_GROUP, OF_OKTA_PUSH
from cfscim.config.lanes import Lane
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from components.naming import taken_over
from components.okta.group import OktaGroup
from components.people import ids_of


class OktaRoleGroups(pulumi.ComponentResource):
    """One Okta group for each configured role, named exactly as Cloudflare matches it.

    In: the way (its config), the ids of everyone listed, and what must exist before.
    Out: `groups`, role to group.
    """

    groups: dict[Role, OktaGroup]

    def __init__(
        self,
        name: str,
        lane: Lane,
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaRoleGroups", name, {}, opts)
        config = lane.config
        self.groups = {
            role: OktaGroup(
                lane.resource(OF_OKTA_GROUP, role),
                group_name,
                role.group_description,
                exact=ids_of(config.roles[role].members, people),
                after=after,
                lane=lane,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for role, group_name in group_names(config).items()
        }
        self.register_outputs({role.value: group.id for role, group in self.groups.items()})


class OktaPush(pulumi.ComponentResource):
    """The push of every role group, after the gate: before it Okta takes one and sends nothing.

    In: the way, app id, its role groups, what must exist before. Out: `ids`, role to the mapping's
    id.
    """

    ids: dict[Role, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        lane: Lane,
        app_id: pulumi.Output[str],
        groups: dict[Role, OktaGroup],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaPush", name, {}, opts)
        self.ids = {}
        for role, group in groups.items():
            # No target name: it works only with "Rename groups" off, and no API tells whether.
            resource = lane.resource(OF_OKTA_PUSH, role)
            push = okta.PushGroup(
                resource,
                app_id=app_id,
                source_group_id=group.id,
                status="ACTIVE",
                # The provider's default (true) deletes the Cloudflare group with the role.
                delete_target_group_on_destroy=False,
                # First to go in a destroy: while it is protected, nothing before it is touched,
                # even where `pulumi destroy --skip-preview` leaves out the check of the whole.
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[*after],
                    protect=group.protected,
                    aliases=taken_over(lane, resource),
                ),
            )
            self.ids[role] = push.id
        self.register_outputs({})
