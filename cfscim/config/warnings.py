"""What is allowed and yet better known before it is approved."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

from cfscim.config.access import known_super_administrators, managed_elsewhere
from cfscim.config.ended import allowances, ended
from cfscim.config.facts import (
    FEWEST_SUPER_ADMINISTRATORS,
    VIRTUAL_GROUPS_DEPRECATED,
    VIRTUAL_GROUPS_LEFT_BY,
    judge_expiry,
)
from cfscim.config.lanes import lanes
from cfscim.config.messages import Level, Message, Step, in_config
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.okta_switches import RENAME_GROUPS, to_do
from cfscim.config.roles import Role
from cfscim.config.words import GUIDE_APP


def warnings(config: ScimConfig, *, today: date) -> list[Message]:
    """What is to be known before `config` is approved on the day `today`; always in one order."""
    parts = (check(way.config) for way in lanes(config) for check in _CHECKS)
    stated = list(dict.fromkeys(warning for part in parts for warning in part))
    dated = (_waivers, _ended, _removals, _move)
    return [
        *_expiry(config, today),
        *stated,
        *(warning for check in dated for warning in check(config, today)),
    ]


def lines(messages: Iterable[Message]) -> list[str]:
    """The warnings as a plan and the stack's outputs show them, a line each: `token.owner: …`."""
    return [f"{message.where.key}: {message.text}" for message in messages]


def _warn(*steps: Step, what: str, why: str, instead: str) -> Message:
    return Message(in_config(*steps), what, why, instead, Level.WARNING)


def _expiry(config: ScimConfig, today: date) -> Iterator[Message]:
    ends = config.token.expires_on
    if ends is None:
        yield _warn(
            *("token", "expiresOn"),
            what="not given",
            why="a leaked token works for ever",
            instead="write a moment within a year",
        )
        return
    expiry = judge_expiry(ends, datetime.combine(today, time.min, UTC))
    if expiry.warn is not None:
        days = expiry.days
        when = f"in {days} days" if days > 1 else "within a day" if days >= 0 else "already"
        yield _warn(
            *("token", "expiresOn"),
            what=f"the token ends {when}, on {config.token.expires_on_text}",
            why="provisioning stops then",
            instead="write a later moment and change token.rotation",
        )


def _token(config: ScimConfig) -> Iterator[Message]:
    if config.token.owner == "user":
        yield _warn(
            *("token", "owner"),
            what="a user's token",
            why="it stops working when that user's policies are revoked or API access is disabled",
            instead="write owner: account, as Cloudflare recommends",
        )
    if config.token.allowed_cidrs:
        yield _warn(
            *("token", "allowedCidrs"),
            what="the token works from these addresses only",
            why="provisioning fails from any other address",
            instead="list every egress range of the identity provider and follow its changes",
        )


def _role_model(config: ScimConfig) -> Iterator[Message]:
    if config.role_model == "virtualGroups":
        yield _warn(
            "roleModel",
            what=f"virtual groups are deprecated since {VIRTUAL_GROUPS_DEPRECATED} and were to be "
            f"left before {VIRTUAL_GROUPS_LEFT_BY}",
            why="the groups may give no role",
            instead="move to roleModel: userGroups",
        )


def _super_administrators(config: ScimConfig) -> Iterator[Message]:
    known = known_super_administrators(config)
    if len(known) < FEWEST_SUPER_ADMINISTRATORS:
        yield _warn(
            "breakGlass",
            what=f"{len(known) or 'no'} Super Administrator "
            f"{'is' if len(known) == 1 else 'are'} known from this config",
            why="a wrong group can lock everyone out",
            instead=f"name at least {FEWEST_SUPER_ADMINISTRATORS}, in the role's members or in "
            "breakGlass",
        )


def unseen_members(config: ScimConfig) -> Iterator[Message]:
    """That no plan shows who is in some groups."""
    elsewhere = managed_elsewhere(config)
    if elsewhere:
        yield _warn(
            "roles",
            what=f"who has {_listed(elsewhere)} is managed in the identity provider",
            why="no plan shows who gains or loses it",
            instead="name members to have them reviewed here",
        )


def _empty(config: ScimConfig) -> Iterator[Message]:
    empty = [role for role, given in config.roles.items() if given.members == ()]
    if empty and isinstance(config.identity_provider, OktaConfig):
        yield _warn(
            "roles",
            what=f"the group of {_listed(empty)} is empty",
            why="nobody gains the role by it, and whether its push shows anything before somebody "
            "is in it depends on the app",
            instead="nothing needs to be done",
        )


def _okta(config: ScimConfig) -> Iterator[Message]:
    provider = config.identity_provider
    if not isinstance(provider, OktaConfig):
        return
    if not provider.by_hand and provider.catalog_app == GUIDE_APP:
        yield _warn(
            *("identityProvider", "apiIntegration"),
            what=f"Okta does not let {GUIDE_APP} be configured through its API and answers UNKNOWN",
            why="the update will fail",
            instead="write apiIntegration: console",
        )
    if not provider.by_hand and config.role_model == "virtualGroups":
        yield _warn(
            *("identityProvider", "apiIntegration"),
            what=f"no API can {to_do([RENAME_GROUPS])}, and Cloudflare refuses to rename a virtual "
            "group",
            why="a push fails and its group gives no role until it is off in Okta's console",
            instead="write apiIntegration: console, which waits for that",
        )


def _entra(config: ScimConfig) -> Iterator[Message]:
    provider = config.identity_provider
    if not isinstance(provider, EntraConfig):
        return
    if provider.scope == "filtered" and not provider.user_filter:
        yield _warn(
            *("identityProvider", "userFilter"),
            what="empty with scope filtered",
            why="every user of the tenant is provisioned to Cloudflare, though without a role",
            instead="write clauses, or scope: assigned",
        )
    if provider.user_filter:
        yield _warn(
            *("identityProvider", "userFilter"),
            what="who does not satisfy every clause is not provisioned",
            why="a role in this config does not change that",
            instead="compare the clauses with the members of the roles",
        )
    if not provider.start:
        yield _warn(
            *("identityProvider", "start"),
            what="false",
            why="nobody is provisioned until a person starts it",
            instead="write start: true",
        )


def _waivers(config: ScimConfig, today: date) -> Iterator[Message]:
    for index, waiver in enumerate(config.waivers):
        if waiver.until < today:
            yield _warn(
                *("waivers", index),
                what=f"the waiver of {waiver.rule} by {waiver.by} ended on {waiver.until}",
                why="the rule holds again",
                instead="remove it, or have it renewed",
            )


def _ended(config: ScimConfig, today: date) -> Iterator[Message]:
    """Where a command only reads, what no update goes on with is to be known all the same."""
    for message in ended(allowances(config), today):
        yield replace(message, level=Level.WARNING)


def _removals(config: ScimConfig, today: date) -> Iterator[Message]:
    for index, removal in enumerate(config.removals):
        if removal.until >= today:
            yield _warn(
                *("removals", index),
                what=f"{removal.what} may be removed or replaced until {removal.until} "
                f"({removal.by}: {removal.reason})",
                why="it is not protected until then",
                instead="take it out once that is done",
            )


def _move(config: ScimConfig, today: date) -> Iterator[Message]:
    move = config.move
    if move is None or move.until < today:
        return
    if move.switched:
        yield _warn(
            "move",
            what="the former way is taken out",
            why="the move is not done before the config says so",
            instead="after the update write what stands under move.to in its place and take move "
            "out (docs/moves.md)",
        )
    else:
        yield _warn(
            "move",
            what=f"two ways stand side by side until {move.until} ({move.by}: {move.reason})",
            why="what the former one is made of is not protected until then",
            instead="after a provisioning cycle write move.switched: true (docs/moves.md)",
        )


def _listed(roles: Iterable[Role]) -> str:
    return ", ".join(roles)


_CHECKS: tuple[Callable[[ScimConfig], Iterator[Message]], ...] = (
    _token,
    _role_model,
    _super_administrators,
    unseen_members,
    _empty,
    _okta,
    _entra,
)
