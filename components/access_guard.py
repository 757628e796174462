"""The lock-out guard: nobody is to take the account's last Super Administrators away unseen.

It stands before everything that gives the role, and counts whenever one of its inputs changes: the
role dropped, its members emptied, its group renamed, another identity provider. A second one, the
last resource of the stack and so the first that a destroy meets, counts who is outside of SCIM, and
asks that an Okta app which goes deactivates nobody. Neither lets anything through by a removal
whose last day has passed: what the state has unprotected stays so until an update.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT, RemoteError, ScimError
from components.rest_resource import Props, RestProvider, texts

if TYPE_CHECKING:
    from cfscim.config.models import ScimConfig
    from cfscim.config.policy.lock_out import Charge


class AccessGuardProvider(RestProvider):
    """Reads who is Super Administrator and refuses the change that leaves nobody; writes nothing.

    Where the account may not be read, it counts by the config alone.
    """

    declared = (
        "accountId",
        "groups",
        "members",
        "outside",
        "filter",
        "users",
        "ways",
        "waivedUntil",
        "before",
        "oktaApps",
    )
    optional = ("leaving",)
    replace_on = ("before",)

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Refuses, in a preview too, while a removal stands whose last day has passed."""
        result = super().check(olds, news)
        result.failures.extend(CheckFailure("removals", text) for text in _ended(news, "removals"))
        return result

    def create(self, props: Props) -> CreateResult:
        """Nothing is taken away by what is new."""
        return CreateResult(f"{props['accountId']}/{props['before']}", self.kept(props))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Raises `ScimError` where nobody would remain, or an app goes that deactivates people."""
        from cfscim.config.policy.lock_out import Charge

        if news["before"] == "change":
            before, after = Charge.kept(olds), Charge.kept(news)
            if not after.takes_nothing(before):
                self._refuse_lock_out(news, before, after)
        kept = texts(news["oktaApps"])
        self._refuse_deactivation(app for app in texts(olds.get("oktaApps")) if app not in kept)
        return UpdateResult(self.kept(news))

    def delete(self, _id: str, props: Props) -> None:
        """Before the stack is destroyed: raises `ScimError` where nobody is outside of SCIM, or
        Okta would deactivate in Cloudflare whom it unassigns."""
        from cfscim.config.policy.lock_out import Charge

        if props["before"] == "destroy":
            for text in _ended(props, "leaving"):
                raise ScimError(text)
            self._refuse_lock_out(props, Charge.kept(props), None)
        self._refuse_deactivation(texts(props.get("oktaApps")))

    def _refuse_deactivation(self, apps: Iterable[str]) -> None:
        from cfscim.vendors.okta.checks import check_leaving

        for app in apps:
            try:
                check_leaving(self.okta(), app)
            except RemoteError as error:
                if error.kind != "not found":  # an app that is gone unassigns nobody
                    raise

    def _refuse_lock_out(self, props: Props, before: "Charge", after: "Charge | None") -> None:
        from cfscim.config.policy.lock_out import is_waived, lock_out
        from cfscim.vendors.active import active
        from cfscim.vendors.cloudflare.access import left_in_charge

        if is_waived(props["waivedUntil"], datetime.now(UTC).date()):
            return
        ways = after.ways if after is not None else ()
        kinds = {way.partition(" ")[0] for way in ways}
        clients = [self.okta if kind == "okta" else self.graph for kind in sorted(kinds)]
        remaining = left_in_charge(
            self.cloudflare(), before, after, lambda people: active(clients, people)
        )
        if remaining.nobody:
            raise lock_out(before.account, remaining.before)


def _allowed(config: "ScimConfig", before: str) -> Props:
    """What the config lets be removed: before a change it is judged by the day of the change, and
    makes no difference; for a destroy, which reads no config, it stands in the state."""
    from cfscim.config.ended import allowances

    given = allowances(config)
    return {"leaving" if before == "destroy" else "removals": given} if given else {}


def _ended(props: Props, key: str) -> Iterator[str]:
    """What is to be said of each removal under `key` whose day has passed."""
    from cfscim.config.ended import ended

    entries = props.get(key)
    assert entries is None or isinstance(entries, list)
    return map(str, ended(entries or [], datetime.now(UTC).date()))


class AccessGuard(Resource, module=PROJECT, name="AccessGuard"):
    """In: the stack's config, what it stands before (a `change`, the `destroy`), and the ids of the
    Okta apps that go with a destroy."""

    def __init__(
        self,
        name: str,
        config: "ScimConfig",
        before: str,
        okta_apps: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        from cfscim.config.policy.lock_out import Charge, waived_until

        charge = Charge.of(config)
        if before == "destroy":  # who is in the stack's groups does not count then
            charge = replace(charge, members=frozenset(), filter="", users=None, ways=frozenset())
        props = {
            **charge.props,
            "waivedUntil": waived_until(config) or "",
            "before": before,
            "oktaApps": [*okta_apps],
            **_allowed(config, before),
        }
        super().__init__(AccessGuardProvider(), name, props, opts)
