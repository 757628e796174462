"""One Okta group with the membership that the config asks for: exact, at least these, or none."""

from collections.abc import Sequence

import pulumi
import pulumi_okta as okta

from cfscim.config.kinds import MEMBERS
from cfscim.config.lanes import Lane
from components.naming import taken_over


class OktaGroup(pulumi.ComponentResource):
    """An Okta group (guide: Directory > Groups > Add group, Assign people).

    In: the group's name; `exact`: user ids that are its whole membership; `at_least`: user ids
    by e-mail address that must be in it while others may be; neither: Okta's own business;
    `after`: what must exist before; `lane`: the way it is of, which says what is protected.
    Out: `id`, `name`, `protected`.
    """

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    protected: bool

    def __init__(
        self,
        name: str,
        group_name: str,
        description: str,
        *,
        exact: pulumi.Output[Sequence[str]] | None = None,
        at_least: dict[str, pulumi.Output[str]] | None = None,
        after: Sequence[pulumi.Resource] = (),
        lane: Lane,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaGroup", f"{name}-and-members", {}, opts)
        protect = lane.protects(name)
        group = okta.group.Group(
            name,
            name=group_name,
            description=description,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after],
                # Everyone in it would lose the access that it gives.
                protect=protect,
                # A renamed group no longer meets its Cloudflare group: refused, not renamed.
                replace_on_changes=["name"],
                aliases=taken_over(lane, name),
            ),
        )
        if exact is not None:
            okta.GroupMemberships(
                f"{name}{MEMBERS}",
                group_id=group.id,
                users=exact,
                # Without it a person added by hand would keep the role unseen.
                track_all_users=True,
                # When the config stops naming members, or goes, everyone stays where they are.
                opts=pulumi.ResourceOptions(
                    parent=self,
                    retain_on_delete=True,
                    aliases=taken_over(lane, name, MEMBERS),
                ),
            )
        for address, user in (at_least or {}).items():
            okta.UserGroupMemberships(
                f"{name}-{address}",
                user_id=user,
                groups=[group.id],
                # Whoever leaves the config stays a Cloudflare user until removed in Okta.
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
        self.protected = protect
        self.id = group.id
        self.name = group.name
        self.register_outputs({"id": self.id, "name": self.name})
