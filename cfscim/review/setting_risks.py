"""Settings whose change an approver must see first: where the token and people are sent, how long a
credential lives, what holds removals back, who hears of a failure.

Every setting of the config is judged here or beside (`JUDGED_ELSEWHERE`), or is listed as harmless
with the reason (`HARMLESS`); whatever is neither is a risk, so that no new key can be forgotten.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from cfscim.config.lanes import lanes, moved, primary
from cfscim.config.models import (
    EntraConfig,
    Move,
    OktaConfig,
    Removal,
    ScimConfig,
    TokenConfig,
    Waiver,
)
from cfscim.config.names import group_names, tenant_words
from cfscim.report.document import Code, Line, Strong, codes
from cfscim.review.compare import Review
from cfscim.review.risk import Kind, Risk, Risks
from cfscim.review.settings import NOT_GIVEN, SettingChange, setting_changes

HARMLESS: Mapping[str, str] = {
    "token.name": "renamed in place: the same token, its value and what it may do stay",
    "identityProvider.appLabel": "renamed in place: the same app, its people and its token stay",
    "identityProvider.appName": "renamed in place: the same application, people and token stay",
}
"""Settings whose change is listed and is no risk, each with the reason."""

JUDGED_ELSEWHERE = frozenset(
    {
        *("account.id", "account.name", "roleModel", "token.rotation"),
        *("identityProvider.kind", "identityProvider.apiIntegrationConfirmed"),
    }
)
"""Settings of which `risks.py` itself says what a change of them does."""


def setting_risks(review: Review) -> Risks:
    """The risks of changed settings, the riskiest first.

    A new stack, a new way of a move and another identity provider are compared with the defaults.
    """
    config = review.whole
    was = review.whole_before or _bare(config)
    yield from _move(was.move, config)
    for before, after in _ways(was, config):
        judged = {*JUDGED_ELSEWHERE, *HARMLESS}
        for paths, check in _CHECKS:
            judged |= {*paths}
            yield from check(review, before, after)
        for change in setting_changes(before, after):
            if not any(_under(change.path, path) for path in judged):
                yield from _plainly(Kind.SETTING, Strong("Another setting:"), change)


def _ways(was: ScimConfig, config: ScimConfig) -> Iterator[tuple[ScimConfig, ScimConfig]]:
    """Each way of the config with what it is compared with."""
    old = {lane.is_next: lane.config for lane in lanes(was)}
    for index, lane in enumerate(lanes(config)):
        after = lane.config
        before = old.get(lane.is_next, primary(was) if index == 0 else after)
        is_new = index > 0 and lane.is_next not in old
        if is_new or before.identity_provider.kind != after.identity_provider.kind:
            provider = _bare(after).identity_provider
            before = before.model_copy(update={"identity_provider": provider})
        yield before, after


def _bare(config: ScimConfig) -> ScimConfig:
    """The config with every setting left out that has a default and loosens nothing by itself."""
    provider = config.identity_provider
    names = {"kind": provider.kind, "users_group": provider.users_group}
    bare = (
        OktaConfig(**names, org_name=provider.org_name)  # type: ignore[arg-type]
        if isinstance(provider, OktaConfig)
        else EntraConfig(
            **names,  # type: ignore[arg-type]
            cloud=provider.cloud,
            start=provider.start,
            deletion_threshold=provider.deletion_threshold,
        )
    )
    return config.model_copy(
        update={
            "environment": "production",
            "token": TokenConfig(name=config.token.name, expires_on=config.token.expires_on),
            "waivers": (),
            "removals": (),
            "move": None,
            "identity_provider": bare,
        }
    )


def _under(path: str, judged: str) -> bool:
    return path == judged or path.startswith(f"{judged}.")


def _plainly(kind: Kind, lead: Strong, change: SettingChange) -> Risks:
    """A risk in the words that the list of settings has, behind a lead of its own."""
    line: Line = (lead, " ", *change.is_now, ". ", change.meaning)
    yield Risk(kind, tuple(part for part in line if part))


def _stopped(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.identity_provider, after.identity_provider
    if not isinstance(new, EntraConfig) or new.start:
        return
    if not isinstance(old, EntraConfig) or old.start:
        yield Risk(
            Kind.PROVISIONING_STOPPED,
            (
                Strong("Provisioning stops."),
                " From then on nobody gains a role in Cloudflare, and whoever leaves keeps it.",
            ),
        )


def _scope(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.identity_provider, after.identity_provider
    if not (isinstance(old, EntraConfig) and isinstance(new, EntraConfig)):
        return
    if old.scope != new.scope:
        line: Line = (
            Strong("Only people in an assigned group are provisioned from now on:"),
            " everybody else whom the filter let in is deactivated in Cloudflare.",
        )
        if new.scope == "filtered":
            everyone = "every user who meets the filter" if new.user_filter else "every user"
            line = (
                Strong("All records instead of assigned people:"),
                f" {everyone} is provisioned to Cloudflare, though without a role unless in a role "
                "group.",
            )
        yield Risk(Kind.SCOPE_CHANGED, line)
    elif old.user_filter != new.user_filter:
        yield Risk(
            Kind.FILTER_CHANGED,
            (
                Strong("Another filter decides who is provisioned:"),
                " whoever does not meet every clause is deactivated in Cloudflare, whatever role "
                "is listed below; who that is cannot be seen here.",
            ),
        )


def _brake(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.identity_provider, after.identity_provider
    if not (isinstance(old, EntraConfig) and isinstance(new, EntraConfig)):
        return
    was, will_be = old.deletion_threshold, new.deletion_threshold
    if was == will_be:
        return
    if was is None or (will_be is not None and will_be < was):
        than = f"{was} until now" if was else "no limit until now"
        yield Risk(
            Kind.DELETION_BRAKE_TIGHTENED,
            (
                Strong(f"Removals wait for a person above {will_be} in one cycle"),
                f" ({than}): meanwhile whoever leaves keeps the role in Cloudflare.",
            ),
        )
        return
    now = f"the limit rises from {was} to {will_be}" if will_be else "there is no limit any more"
    yield Risk(
        Kind.DELETION_BRAKE_LOOSENED,
        (Strong("Accidental deletions are held back less:"), f" {now}."),
    )


def _previous_kept(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    if after.token.keep_previous and not before.token.keep_previous:
        yield Risk(
            Kind.PREVIOUS_TOKEN_KEPT,
            (
                Strong("A rotation leaves the previous token alive"),
                " until the setting is taken out again.",
            ),
        )


def _owner(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    if before.token.owner != after.token.owner:
        wider = (
            "four permissions of a user, which end with that user's own access"
            if after.token.owner == "user"
            else "one permission, SCIM Provisioning, independent of any user"
        )
        yield Risk(Kind.TOKEN_OWNER, (Strong("Another kind of token:"), f" {wider}."))


def _networks(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.token.allowed_cidrs, after.token.allowed_cidrs
    if old and not new:
        yield Risk(
            Kind.TOKEN_FROM_EVERYWHERE,
            (
                Strong("The token works from everywhere"),
                " from now on, until now only from ",
                *codes(old, most=10),
                ".",
            ),
        )
    elif old != new:
        yield Risk(
            Kind.TOKEN_NETWORKS,
            (
                Strong("The token works only from"),
                " ",
                *codes(new, most=10),
                ": provisioning fails if the identity provider calls from anywhere else.",
            ),
        )


def _previous_ends(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    if before.token.keep_previous and not after.token.keep_previous:
        yield Risk(
            Kind.PREVIOUS_TOKEN_ENDS,
            (
                Strong("The previous token ends"),
                " with this update: whatever still signs in with it provisions nobody any more.",
            ),
        )


def _life(review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.token, after.token
    if old.expires_on == new.expires_on:
        return
    was, until = (Code(token.expires_on_text or NOT_GIVEN) for token in (old, new))
    same = not review.token_replaced
    kind = Kind.TOKEN_LIVES_LONGER
    if new.expires_on is None:
        line: Line = (
            Strong(f"The {'same' if same else 'new'} token never ends"),
            " any more, until now it ended on " if same else ", the old one on ",
            was,
            "; a leaked value works for ever.",
        )
    elif old.expires_on is None or new.expires_on < old.expires_on:
        kind = Kind.TOKEN_ENDS_SOONER
        line = (
            Strong("The token ends sooner:"),
            " on ",
            until,
            *((" instead of ", was) if old.expires_on else (", until now never",)),
            ". Provisioning stops then unless it is rotated before.",
        )
    else:
        line = (
            Strong(f"The {'same' if same else 'new'} token lives longer:"),
            " until ",
            until,
            " instead of ",
            was,
            "; a leaked value would too.",
            " A rotation would end it." if same else "",
        )
    yield Risk(kind, tuple(part for part in line if part))


def _pushes(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    old, new = before.identity_provider, after.identity_provider
    if new.by_hand and old.confirmed and not new.confirmed:
        yield Risk(
            Kind.PUSHES_REMOVED,
            (
                Strong("Groups are not pushed any more"),
                " until the console steps are confirmed again: nobody gains or loses a role in "
                "Cloudflare meanwhile.",
            ),
        )


def _break_glass(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    kept = {person.lower() for person in after.break_glass}
    gone = tuple(person for person in before.break_glass if person.lower() not in kept)
    had = {person.lower() for person in before.break_glass}
    new = tuple(person for person in after.break_glass if person.lower() not in had)
    if gone:
        yield Risk(
            Kind.BREAK_GLASS_REMOVED,
            (
                *codes(gone),
                " no longer named as break-glass: check that the account can still be entered "
                "without the identity provider. Nothing changes in Cloudflare.",
            ),
            gone,
        )
    if new:
        yield Risk(
            Kind.BREAK_GLASS_ADDED,
            (
                *codes(new),
                " newly named as break-glass, so counted as Super Administrator outside SCIM: this "
                "program neither gives nor takes that role, so check it in the dashboard.",
            ),
            new,
        )


def _environment(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    if before.environment == "production" and after.environment != "production":
        yield Risk(
            Kind.NO_LONGER_PRODUCTION,
            (Strong("The stack is no longer called production:"), " policy rules hold it less."),
        )


def _waivers(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    lead = Strong("A policy rule is set aside: ")
    for waiver in after.waivers:
        if waiver not in before.waivers:
            yield Risk(Kind.WAIVER, (lead, Code(waiver.rule), " until ", *_signed(waiver)))


def _removals(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    lead, ends = Strong("Protection ends: "), " may be removed or replaced until "
    for removal in after.removals:
        if removal not in before.removals:
            yield Risk(Kind.PROTECTION_ENDS, (lead, Code(removal.what), ends, *_signed(removal)))


def _signed(entry: Waiver | Removal | Move) -> Line:
    """How long an entry holds, who signs for it, and why."""
    by, reason = Code(entry.by), Code(entry.reason)
    return f"{entry.until}, by ", by, ", because ", reason, "."


def _reached(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    """Settings that decide who or what gets the token, and where a person is sent to enter it."""
    for change in _changed(before, after, _REACHED):
        yield from _plainly(Kind.TOKEN_GOES_ELSEWHERE, Strong(_REACHED[change.path]), change)


_REACHED = {
    "identityProvider.cloud": "People and token go to another cloud of Microsoft:",
    "identityProvider.orgName": "People are sent to another Okta organisation to enter the token:",
    "identityProvider.catalogApp": "Another app from Okta's catalogue gets the token:",
    "identityProvider.tenantUrlSuffix": "The identity provider calls another address:",
    "identityProvider.apiIntegration": "The token gets into Okta in another way:",
}


def _alarms(_review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    for change in _changed(before, after, ("identityProvider.notificationEmail",)):
        lead = "Alarms go elsewhere:"
        if change.new == NOT_GIVEN:
            lead = "Nobody is written to any more when provisioning fails:"
        yield from _plainly(Kind.ALARMS, Strong(lead), change)


def _groups(review: Review, before: ScimConfig, after: ScimConfig) -> Risks:
    """Names of groups, which a protected one keeps: that refusal says it already."""
    if not review.refused:
        for change in _changed(before, after, _GROUPS):
            yield from _plainly(Kind.GROUPS_RENAMED, Strong("Groups get other names:"), change)


_GROUPS = ("groupPrefix", "identityProvider.usersGroup.name")


def _changed(before: ScimConfig, after: ScimConfig, paths: Collection[str]) -> list[SettingChange]:
    return [change for change in setting_changes(before, after) if change.path in paths]


def _move(before: Move | None, config: ScimConfig) -> Risks:
    """A move begins, takes effect, goes elsewhere or lasts longer."""
    move = config.move
    if move is None or move == before:
        return
    to = moved(config)
    words: Line = (
        f"{to.role_model}, people from {tenant_words(to)}, groups named ",
        _example(to),
        ", the users' group ",
        Code(to.identity_provider.users_group.name),
    )
    lead = "A second way to every role is set up beside the present one:"
    if move.switched:
        lead = "The present way to every role is taken out, and only the new one stays:"
    elif before is not None and move.to == before.to and not before.switched:
        lead = "The second way to every role stays allowed, otherwise than before:"
    yield Risk(Kind.MOVE, (Strong(lead), " ", *words, ". Until ", *_signed(move)))


def _example(config: ScimConfig) -> Code:
    return Code(next(iter(group_names(config).values()), config.group_prefix))


_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Review, ScimConfig, ScimConfig], Risks]], ...] = (
    (("environment",), _environment),
    (("identityProvider.start",), _stopped),
    (("identityProvider.scope", "identityProvider.userFilter"), _scope),
    (tuple(_REACHED), _reached),
    (("identityProvider.deletionThreshold",), _brake),
    (("token.keepPrevious",), _previous_kept),
    (("token.owner",), _owner),
    (("token.allowedCidrs",), _networks),
    (("token.keepPrevious",), _previous_ends),
    (("token.expiresOn",), _life),
    ((), _pushes),
    (("identityProvider.notificationEmail",), _alarms),
    (_GROUPS, _groups),
    (("breakGlass",), _break_glass),
    (("removals",), _removals),
    (("waivers",), _waivers),
)
"""The checks, the riskiest first, each with the settings of which it knows every change."""
