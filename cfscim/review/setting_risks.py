"""Settings whose change is risky though no resource is replaced and no list of people changes."""

from collections.abc import Callable, Iterator

from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.report.document import Code, Line, Strong, codes
from cfscim.review.compare import Review
from cfscim.review.risk import Risk
from cfscim.review.settings import NOT_GIVEN

Found = Iterator[tuple[str, Line, tuple[str, ...]]]
"""Kind, line and people of each risk."""


def setting_risks(review: Review) -> Iterator[Risk]:
    """The risks of changed settings, the riskiest first; nothing without a base."""
    if review.before is None:
        return
    for check in _CHECKS:
        for kind, line, people in check(review, review.before.config, review.after.config):
            yield Risk(kind, line, people)


def _stopped(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    old, new = before.identity_provider, after.identity_provider
    if not isinstance(new, EntraConfig) or new.start:
        return
    if not isinstance(old, EntraConfig) or old.start:
        yield (
            "provisioning-stopped",
            (
                Strong("Provisioning stops."),
                " From then on nobody gains a role in Cloudflare, and whoever leaves keeps it.",
            ),
            (),
        )


def _scope(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
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
        yield "scope-changed", line, ()
    elif old.user_filter != new.user_filter:
        yield (
            "filter-changed",
            (
                Strong("Another filter decides who is provisioned:"),
                " whoever does not meet every clause is deactivated in Cloudflare, whatever role "
                "is listed below; who that is cannot be seen here.",
            ),
            (),
        )


def _brake(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    old, new = before.identity_provider, after.identity_provider
    if not (isinstance(old, EntraConfig) and isinstance(new, EntraConfig)):
        return
    was, will_be = old.deletion_threshold, new.deletion_threshold
    if was is None or (will_be is not None and will_be <= was):
        return
    now = f"the limit rises from {was} to {will_be}" if will_be else "there is no limit any more"
    yield (
        "deletion-brake-loosened",
        (Strong("Accidental deletions are held back less:"), f" {now}."),
        (),
    )


def _token(review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    old, new = before.token, after.token
    if old.owner != new.owner:
        wider = (
            "four permissions of a user, which end with that user's own access"
            if new.owner == "user"
            else "one permission, SCIM Provisioning, independent of any user"
        )
        yield "token-owner", (Strong("Another kind of token:"), f" {wider}."), ()
    if old.allowed_cidrs and not new.allowed_cidrs:
        yield (
            "token-from-everywhere",
            (
                Strong("The token works from everywhere"),
                " from now on, until now only from ",
                *codes(old.allowed_cidrs, most=10),
                ".",
            ),
            (),
        )
    elif old.allowed_cidrs != new.allowed_cidrs:
        yield (
            "token-networks",
            (
                Strong("The token works only from"),
                " ",
                *codes(new.allowed_cidrs, most=10),
                ": provisioning fails if the identity provider calls from anywhere else.",
            ),
            (),
        )
    if old.expires_on is not None and (new.expires_on is None or new.expires_on > old.expires_on):
        until = new.expires_on_text or NOT_GIVEN
        if not review.token_replaced:
            yield (
                "token-lives-longer",
                (
                    Strong("The same token lives longer:"),
                    " until ",
                    Code(until),
                    " instead of ",
                    Code(old.expires_on_text or NOT_GIVEN),
                    "; a leaked value would too. A rotation would end it.",
                )
                if new.expires_on
                else (
                    Strong("The same token never ends"),
                    " any more, until now it ended on ",
                    Code(old.expires_on_text or NOT_GIVEN),
                    "; a leaked value works for ever.",
                ),
                (),
            )


def _pushes(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    old, new = before.identity_provider, after.identity_provider
    if old.kind != "okta" or new.kind != "okta" or new.api_integration != "console":
        return
    if old.api_integration_confirmed and not new.api_integration_confirmed:
        yield (
            "pushes-removed",
            (
                Strong("Groups are not pushed any more"),
                " until the console steps are confirmed again: nobody gains or loses a role in "
                "Cloudflare meanwhile.",
            ),
            (),
        )


def _break_glass(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    kept = {person.lower() for person in after.break_glass}
    gone = tuple(person for person in before.break_glass if person.lower() not in kept)
    had = {person.lower() for person in before.break_glass}
    new = tuple(person for person in after.break_glass if person.lower() not in had)
    if gone:
        yield (
            "break-glass-removed",
            (
                *codes(gone),
                " no longer named as break-glass: check that the account can still be entered "
                "without the identity provider. Nothing changes in Cloudflare.",
            ),
            gone,
        )
    if new:
        yield (
            "break-glass-added",
            (
                *codes(new),
                " newly named as break-glass, so counted as Super Administrator outside SCIM: this "
                "program neither gives nor takes that role, so check it in the dashboard.",
            ),
            new,
        )


def _waivers(_review: Review, before: ScimConfig, after: ScimConfig) -> Found:
    for waiver in after.waivers:
        if waiver not in before.waivers:
            yield (
                "waiver",
                (
                    Strong("A policy rule is set aside: "),
                    Code(waiver.rule),
                    f" until {waiver.until}, by ",
                    Code(waiver.by),
                    ", because ",
                    Code(waiver.reason),
                    ".",
                ),
                (),
            )


_CHECKS: tuple[Callable[[Review, ScimConfig, ScimConfig], Found], ...] = (
    _stopped,
    _scope,
    _brake,
    _token,
    _pushes,
    _break_glass,
    _waivers,
)
