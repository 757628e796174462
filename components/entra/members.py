"""People who must be in an Entra group, while others may be: adds, and never removes.

`azuread.GroupMember` fails on a person who is in the group already and removes whoever leaves
the config; neither fits a users' group that the identity provider also manages.
"""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import ReadResult, Resource

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RepeatedProvider, texts


class EntraGroupMembersProvider(RepeatedProvider):
    """Adds those of `members` who are missing. Source: Graph, `POST /groups/{id}/members/$ref`."""

    declared = ("groupId", "members")
    replace_on = ("groupId",)
    id_form = "{groupId}/members"

    def read(self, id_: str, props: Props) -> ReadResult:
        """Reports those of the declared people who are still in the group; a group that is gone
        reads as gone, or every refresh would end here."""
        from cfscim.vendors.errors import unless_gone

        graph, group = self.graph(), str(props["groupId"])
        present = unless_gone(lambda: graph.group_member_ids(group))
        if present is None:
            return ReadResult("", {})
        members = [member for member in texts(props["members"]) if member in present]
        return ReadResult(id_, {**_kept(props), "members": members})

    def done(self, props: Props) -> Props:
        """Adds; who is in it already, or left the config, is left as is. Raises `RemoteError`."""
        group, members = str(props["groupId"]), texts(props["members"])
        graph = self.graph()
        present = graph.group_member_ids(group)
        for member in members:
            if member not in present:
                graph.add_group_member(group, member)
        return _kept(props)


def _kept(props: Props) -> Props:
    return {"groupId": props["groupId"], "members": texts(props["members"])}


class EntraGroupMembers(Resource, module=PROJECT, name="EntraGroupMembers"):
    """In: the group's object id and the object ids of people who must be in it."""

    def __init__(
        self,
        name: str,
        group_id: pulumi.Input[str],
        members: pulumi.Input[Sequence[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"groupId": group_id, "members": members}
        super().__init__(EntraGroupMembersProvider(), name, props, opts)
