"""The role groups and the users' group in Entra (guide: Configure user permissions in Azure AD)."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people as everyone_listed
from cfscim.config.kinds import ENTRA_USERS, OF_ENTRA_GROUP
from cfscim.config.lanes import Lane
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from components.entra.group import EntraGroup
from components.people import ids_of

USERS_GROUP_DESCRIPTION = "All Cloudflare users; assigned to the Cloudflare SCIM application"


class EntraGroups(pulumi.ComponentResource):
    """In: the ways of Entra, the ids of everyone listed, and what must exist before.

    Out: `by_lane` (for each way, role to group) and `users`.
    """

    by_lane: dict[Lane, dict[Role, EntraGroup]]
    users: EntraGroup

    def __init__(
        self,
        name: str,
        ways: Sequence[Lane],
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraGroups", name, {}, opts)
        config, group = ways[0].config, ways[0].config.entra.users_group
        self.by_lane = {lane: self._roles(lane, people, after) for lane in ways}
        ids, given = ids_of(everyone_listed(config), people), group.members is not None
        self.users = EntraGroup(
            ENTRA_USERS,
            group.name,
            USERS_GROUP_DESCRIPTION,
            exact=ids if given else None,
            at_least=ids if everyone_listed(config) and not given else None,
            after=after,
            lane=ways[0],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs(
            {role.value: group.id for role, group in self.by_lane[ways[0]].items()}
        )

    def _roles(
        self,
        lane: Lane,
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
    ) -> dict[Role, EntraGroup]:
        groups = {}
        for role, group_name in group_names(lane.config).items():
            groups[role] = EntraGroup(
                lane.resource(OF_ENTRA_GROUP, role),
                group_name,
                role.group_description,
                exact=ids_of(lane.config.roles[role].members, people),
                after=after,
                lane=lane,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return groups
