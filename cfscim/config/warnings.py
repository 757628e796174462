"""What is allowed and yet better known before it is approved."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from cfscim.config.access import managed_elsewhere
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS, WARN_DAYS
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.roles import Role


def warnings(config: ScimConfig, *, today: date) -> list[str]:
    """One line a warning: where, what, why, what to do; always in the same order."""
    found = [line for check in _CHECKS for line in check(config)]
    return [*_expiry(config, today), *found, *_waivers(config, today), *_removals(config, today)]


def _expiry(config: ScimConfig, today: date) -> Iterator[str]:
    ends = config.token.expires_on
    if ends is None:
        yield (
            "token.expiresOn: not given, so a leaked token works for ever; write a moment within "
            "a year."
        )
    elif (days := (ends.date() - today).days) <= WARN_DAYS[0]:
        when = f"in {days} days" if days > 1 else "within a day" if days >= 0 else "already"
        yield (
            f"token.expiresOn: the token ends {when}, on {config.token.expires_on_text}, and "
            "provisioning stops then; write a later moment and change token.rotation."
        )


def _token(config: ScimConfig) -> Iterator[str]:
    if config.token.owner == "user":
        yield (
            "token.owner: a user's token stops working when that user's policies are revoked or "
            "API access is disabled; Cloudflare recommends owner: account."
        )
    if config.token.allowed_cidrs:
        yield (
            "token.allowedCidrs: provisioning fails from any other address; list every egress "
            "range of the identity provider and follow its changes."
        )


def _role_model(config: ScimConfig) -> Iterator[str]:
    if config.role_model == "virtualGroups":
        yield (
            "roleModel: virtual groups are deprecated since 2025-06-02 and were to be left before "
            "2025-12-02, so the groups may give no role; move to roleModel: userGroups."
        )


def _super_administrators(config: ScimConfig) -> Iterator[str]:
    known = {person.lower() for person in config.break_glass}
    given = config.roles.get(Role.SUPER_ADMINISTRATOR)
    if given is not None:
        known |= {person.lower() for person in given.members or ()}
    if len(known) < FEWEST_SUPER_ADMINISTRATORS:
        yield (
            f"breakGlass: {len(known) or 'no'} Super Administrator "
            f"{'is' if len(known) == 1 else 'are'} known from this config, so a wrong group can "
            "lock everyone out; name at least two, in the role's members or in breakGlass."
        )


def _memberships(config: ScimConfig) -> Iterator[str]:
    elsewhere = managed_elsewhere(config)
    if elsewhere:
        yield (
            f"roles: who has {_listed(elsewhere)} is managed in the identity provider, so no plan "
            "shows who gains or loses it; name members to have them reviewed here."
        )
    empty = [role for role, given in config.roles.items() if given.members == ()]
    if empty and isinstance(config.identity_provider, OktaConfig):
        yield (
            f"roles: the group of {_listed(empty)} is empty, so nobody gains the role by it, and "
            "whether its push shows anything before somebody is in it depends on the app; nothing "
            "needs to be done."
        )


def _okta(config: ScimConfig) -> Iterator[str]:
    provider = config.identity_provider
    if not isinstance(provider, OktaConfig):
        return
    if provider.api_integration == "api" and provider.catalog_app == "scim2testapp":
        yield (
            "identityProvider.apiIntegration: Okta does not let scim2testapp be configured through "
            "its API and answers UNKNOWN, so the update will fail; write apiIntegration: console."
        )
    if provider.api_integration == "api" and config.role_model == "virtualGroups":
        yield (
            "identityProvider.apiIntegration: no API switches Rename groups off, and Cloudflare "
            "refuses to rename a virtual group, so a push fails and its group gives no role until "
            "it is off in Okta's console; write apiIntegration: console, which waits for that."
        )


def _entra(config: ScimConfig) -> Iterator[str]:
    provider = config.identity_provider
    if not isinstance(provider, EntraConfig):
        return
    if provider.scope == "filtered" and not provider.user_filter:
        yield (
            "identityProvider.userFilter: empty with scope filtered, so every user of the tenant "
            "is provisioned to Cloudflare, though without a role; write clauses, or scope: "
            "assigned."
        )
    if provider.user_filter:
        yield (
            "identityProvider.userFilter: people who do not satisfy every clause are not "
            "provisioned even if they have a role; compare it with the members of the roles."
        )
    if not provider.start:
        yield (
            "identityProvider.start: false, so nobody is provisioned until a person starts it; "
            "write start: true."
        )


def _waivers(config: ScimConfig, today: date) -> Iterator[str]:
    for waiver in config.waivers:
        if waiver.until < today:
            yield (
                f"waivers: the waiver of {waiver.rule} by {waiver.by} ended on {waiver.until}, so "
                "the rule holds again; remove it, or have it renewed."
            )


def _removals(config: ScimConfig, today: date) -> Iterator[str]:
    for removal in config.removals:
        if removal.until < today:
            yield (
                f"removals: that of {removal.what} by {removal.by} ended on {removal.until}; take "
                "it out, so that it is protected again."
            )
        else:
            yield (
                f"removals: {removal.what} may be removed or replaced until {removal.until} "
                f"({removal.by}: {removal.reason}); take it out once that is done."
            )


def _listed(roles: Iterable[Role]) -> str:
    return ", ".join(roles)


_CHECKS: tuple[Callable[[ScimConfig], Iterator[str]], ...] = (
    _token,
    _role_model,
    _super_administrators,
    _memberships,
    _okta,
    _entra,
)
