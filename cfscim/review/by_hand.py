"""Steps by hand that only the change itself makes necessary, and only once."""

from collections.abc import Iterator

from cfscim.config.models import ScimConfig
from cfscim.report.document import Code, Line
from cfscim.review.compare import Review


def once(review: Review) -> Iterator[Line]:
    """The steps, in the order they are done; none without a base."""
    if review.before is None:
        return
    before, after = review.before.config, review.after.config
    if review.provider_switched:
        yield _old_provider(before)
    elif _token_by_hand(after) and review.token_replaced:
        show = f"pulumi stack output tokenValue --show-secrets --stack {review.after.stack}"
        yield (
            "Right after the update, enter the new token in Okta's console: run ",
            Code(show),
            ", paste what it prints under Provisioning > Integration, and select Test API "
            "Credentials.",
        )
    if review.account_switched:
        yield (
            "In the old Cloudflare account ",
            Code(f"{before.account.name} ({before.account.id})"),
            ", decide what becomes of its members and User Groups: this program leaves them.",
        )


def _token_by_hand(config: ScimConfig) -> bool:
    provider = config.identity_provider
    return provider.kind == "okta" and provider.api_integration == "console"


def _old_provider(before: ScimConfig) -> Line:
    provider = before.identity_provider
    if provider.kind == "okta":
        return ("In Okta, stop provisioning in the app ", Code(provider.app_label), " before Entra "
                "starts, or both would write to the same account.")  # fmt: skip
    return ("In Entra, stop provisioning in the application ", Code(provider.app_name), " before "
            "Okta starts, or both would write to the same account.")  # fmt: skip
