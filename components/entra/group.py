"""One Entra security group with the membership that the config asks for."""

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from cfscim.config.kinds import MEMBERS
from cfscim.config.lanes import Lane
from components.entra.members import EntraGroupMembers
from components.naming import taken_over


class EntraGroup(pulumi.ComponentResource):
    """In: the group's name; `exact`: object ids that are its whole membership; `at_least`: ids
    that must be in it while others may be; neither: Entra's own business;
    `after`: what must exist before; `lane`: the way it is of, which says what is protected.
    Out: `id`, `protected`.
    """

    id: pulumi.Output[str]
    protected: bool

    def __init__(
        self,
        name: str,
        display_name: str,
        description: str,
        *,
        exact: pulumi.Output[Sequence[str]] | None = None,
        at_least: pulumi.Output[Sequence[str]] | None = None,
        after: Sequence[pulumi.Resource] = (),
        lane: Lane,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraGroup", f"{name}-and-members", {}, opts)
        protect = lane.protects(name)
        group = azuread.Group(
            name,
            display_name=display_name,
            description=description,
            security_enabled=True,
            # Entra allows two groups of one name, and the scoping filter goes by name.
            prevent_duplicate_names=True,
            members=exact,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after],
                # Everyone in it would lose the access that it gives.
                protect=protect,
                # A renamed group no longer meets its Cloudflare group: refused, not renamed.
                replace_on_changes=["displayName"],
                aliases=taken_over(lane, name),
                # Members that are not declared are the identity provider's business.
                ignore_changes=[] if exact is not None else ["members"],
            ),
        )
        if at_least is not None:
            EntraGroupMembers(
                f"{name}{MEMBERS}",
                group.object_id,
                at_least,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.protected = protect
        self.id = group.object_id
        self.register_outputs({"id": self.id})
