"""The lock-out guard: nobody is to take the account's last Super Administrators away unseen.

It stands before everything that gives the role, and counts whenever one of its inputs changes: the
role dropped, its members emptied, its group renamed, another identity provider. A second one, the
last resource of the stack and so the first that a destroy meets, counts who is outside of SCIM.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pulumi
from pulumi.dynamic import CreateResult, Resource, UpdateResult

from cfscim.config.models import ScimConfig
from cfscim.config.policy.lock_out import (
    LOCK_OUT,
    super_administrator_groups,
    waived_until,
)
from cfscim.config.roles import Role
from components.rest_resource import Props, RestProvider, texts

if TYPE_CHECKING:
    from cfscim.vendors.cloudflare.access import Holders

_ROLE = Role.SUPER_ADMINISTRATOR
_ELSEWHERE = "managed in the identity provider"
"""In place of a list of members, where the config has none."""


class AccessGuardProvider(RestProvider):
    """Reads who is Super Administrator and refuses the change that leaves nobody; writes nothing.

    Where the account may not be read, it counts by the config alone.
    """

    declared = ("accountId", "groups", "members", "outside", "waivedUntil", "before")
    replace_on = ("accountId", "before")

    def create(self, props: Props) -> CreateResult:
        """Nothing is taken away by what is new."""
        return CreateResult(f"{props['accountId']}/{props['before']}", self.kept(props))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Raises `ScimError` where nobody would remain."""
        if news["before"] == "change" and not _waived(news):
            self._refuse_lock_out(olds, news)
        return UpdateResult(self.kept(news))

    def delete(self, _id: str, props: Props) -> None:
        """Before the stack is destroyed: raises `ScimError` where nobody is outside of SCIM."""
        if props["before"] == "destroy" and not _waived(props):
            self._refuse_lock_out(props, props)

    def _refuse_lock_out(self, olds: Props, news: Props) -> None:
        from cfscim.config.messages import ScimError
        from cfscim.vendors.cloudflare.access import holders
        from cfscim.vendors.errors import AnswerError

        try:
            now = holders(self.cloudflare(), str(news["accountId"]), _ROLE.value)
        except AnswerError as error:
            if error.kind != "forbidden":
                raise
            remain = bool(_texts(news, "outside")) or _same_way(olds, news)
        else:
            remain = not now.everybody or self._somebody(now, olds, news)
        if remain:
            return
        raise ScimError(
            f"Cloudflare account {news['accountId']}",
            "no Super Administrator would remain, inside or outside of SCIM",
            "nobody could administer the account any more",
            "give somebody the role by hand in Cloudflare and name the person in breakGlass, keep "
            f"one of the present people in the role, or add a waiver of {LOCK_OUT}",
        )

    def _somebody(self, now: "Holders", olds: Props, news: Props) -> bool:
        """Whether one of those who have the role keeps it."""
        if news["before"] == "destroy":
            return bool(now.by_hand)
        ours, former = _texts(news, "groups"), _texts(olds, "groups")
        elsewhere = [one for name, one in now.by_group.items() if name not in ours | former]
        if now.by_hand.union(*elsewhere):
            return True
        here = frozenset[str]().union(*(one for name, one in now.by_group.items() if name in ours))
        if news["members"] != _ELSEWHERE:
            here &= _texts(news, "members")
        # A virtual group gives the role by its name, which no list of the account shows.
        seen = any(name in former for name in now.by_group)
        return bool(here) or (not seen and _same_way(olds, news))


def _same_way(olds: Props, news: Props) -> bool:
    """Whether somebody keeps the role by a group of the same name, as far as the config says."""
    if not _texts(olds, "groups") & _texts(news, "groups"):
        return False
    if _ELSEWHERE in (olds["members"], news["members"]):
        return True
    return bool(_texts(olds, "members") & _texts(news, "members"))


def _texts(props: Props, key: str) -> set[str]:
    return set(texts(props[key]))


def _waived(props: Props) -> bool:
    until = props["waivedUntil"]
    return bool(until) and datetime.now(UTC).date() <= date.fromisoformat(str(until))


class AccessGuard(Resource, module="cloudflare-scim", name="AccessGuard"):
    """In: the stack's config, and what it stands before: a `change` or the `destroy`."""

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        before: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = config.roles.get(_ROLE)
        members = given.members if given is not None else ()
        groups = [name for _, name in super_administrator_groups(config)]
        if before == "destroy":
            members, groups = (), []  # none of them counts then
        props = {
            "accountId": config.account.id,
            "groups": groups,
            "members": _ELSEWHERE if members is None else sorted(one.lower() for one in members),
            "outside": sorted(one.lower() for one in config.break_glass),
            "waivedUntil": waived_until(config) or "",
            "before": before,
        }
        super().__init__(AccessGuardProvider(), name, props, opts)
