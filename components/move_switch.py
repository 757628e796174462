"""The switch of a move: the former groups stop giving roles, once everybody has them by the new.

Deliberately not deleted: a User Group that SCIM manages is deleted by SCIM alone (Cloudflare's
user-groups page); its policies stay editable, and a group without a policy gives nothing.
"""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import CreateResult, Resource

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider, texts


class MoveSwitchProvider(RestProvider):
    """Compares the members of the former and the new groups; takes the policies of the former."""

    # Who is listed matters at the switch alone: a change of people after it asks nothing again.
    declared = ("accountId", "newNames", "formerNames")
    replace_on = declared

    def create(self, props: Props) -> CreateResult:
        """Raises `ScimError` naming who would lose a role; nothing was changed then."""
        from cfscim.config.messages import ScimError
        from cfscim.vendors.cloudflare.access import members_of

        account, new, former = str(props["accountId"]), props["newNames"], props["formerNames"]
        listed = props["members"]
        assert isinstance(new, list)
        assert isinstance(former, list)
        assert isinstance(listed, list)
        client = self.cloudflare()
        groups = {group.name: group for group in client.user_groups(account)}
        accepted = {member.address.lower() for member in client.members(account) if member.accepted}
        leaving, losing = [], []
        for was, now, people in zip(former, new, listed, strict=True):
            there = members_of(client, account, groups[now]) if now in groups else set()
            old = groups.get(was)
            if old is None:  # of a virtual group nobody is listed by the account, but in the config
                have = {*(people or ())} & accepted
            else:
                have = members_of(client, account, old) if old.policies else set()
                # Whom the same change takes out of the role is meant to lose it.
                have = have if people is None else have & {*people}
            losing += [f"{person} ({now})" for person in sorted((have & accepted) - there)]
            leaving += [old] if old and old.policies else []
        if losing:
            raise ScimError(
                f"Cloudflare account {account}",
                f"not yet in the new group: {', '.join(losing)}",
                "whoever is not there when the former way is taken out loses the role",
                "wait for a provisioning cycle and run the update again; whoever is not listed "
                "in the config is put into the new group by hand",
            )
        for group in leaving:
            client.drop_policies(account, group)
        return CreateResult(f"{account}/move", self.kept(props))

    def delete(self, _id: str, props: Props) -> None:
        """The move is done. Raises `ScimError` naming who has a role by a former virtual group
        alone: nobody but Cloudflare can take them out, and nothing would say so afterwards."""
        from cfscim.config.messages import ScimError
        from cfscim.vendors.cloudflare.access import members_of, virtual_members
        from cfscim.vendors.errors import AnswerError

        account, client = str(props["accountId"]), self.cloudflare()
        former, new = texts(props["formerNames"]), texts(props["newNames"])
        try:
            virtual = virtual_members(client, account, former)
        except AnswerError as error:
            if error.kind not in ("forbidden", "not found"):
                raise
            return
        groups = {group.name: group for group in client.user_groups(account)} if virtual else {}
        beyond = [
            f"{person} ({was})"
            for was, now in zip(former, new, strict=True)
            for person in sorted(
                virtual.get(was, set())
                - (members_of(client, account, groups[now]) if now in groups else set())
            )
        ]
        if beyond:
            raise ScimError(
                f"Cloudflare account {account}",
                f"in a virtual group and not in the new one: {', '.join(beyond)}",
                "they keep the role, and no group of the stack says so any more",
                "put `move` back, have your account team take them out of the virtual groups, or "
                "put them into the role, and run the update again",
            )


class MoveSwitch(Resource, module=PROJECT, name="MoveSwitch"):
    """In: the account; by new name, the former name of each group; who is listed in each, None
    where that is the identity provider's."""

    def __init__(
        self,
        name: str,
        account: str,
        former: Mapping[str, str],
        members: Mapping[str, tuple[str, ...] | None],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "accountId": account,
            "newNames": list(former),
            "formerNames": list(former.values()),
            "members": [
                None if (people := members[new]) is None else sorted(map(str.lower, people))
                for new in former
            ],
        }
        super().__init__(MoveSwitchProvider(), name, props, opts)
