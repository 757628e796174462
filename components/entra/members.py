"""People who must be in an Entra group, while others may be: adds, and never removes.

`azuread.GroupMember` fails on a person who is in the group already and removes whoever leaves
the config; neither fits a users' group that the identity provider also manages.
"""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider, texts


class EntraGroupMembersProvider(RestProvider):
    """Adds those of `members` who are missing. Source: Graph, `POST /groups/{id}/members/$ref`."""

    declared = ("groupId", "members")
    replace_on = ("groupId",)

    def create(self, props: Props) -> CreateResult:
        """Adds; someone who is in it already is left as is. Raises `RemoteError`."""
        return CreateResult(f"{props['groupId']}/members", self._added(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Adds whoever is new; whoever left the config stays in the group."""
        return UpdateResult(self._added(news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Reports those of the declared people who are still in the group; a group that is gone
        reads as gone, or every refresh would end here."""
        from cfscim.config.messages import RemoteError

        try:
            present = self.graph().group_member_ids(str(props["groupId"]))
        except RemoteError as error:
            if error.kind != "not found":
                raise
            return ReadResult("", {})
        members = [member for member in texts(props["members"]) if member in present]
        return ReadResult(id_, {**_kept(props), "members": members})

    def delete(self, _id: str, _props: Props) -> None:
        """Removes nobody: people leave the users' group in the identity provider."""

    def _added(self, props: Props) -> Props:
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
