"""Whether the Okta credentials in use are of the organisation that the config names.

With another organisation's in the environment everything would be made there, without a word.
"""

from collections.abc import Mapping

from cfscim.config.messages import MissingError

OKTA_DOMAINS = ("okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil")
"""Where organisations live. An organisation's own domain has no admin console (D)."""
NOT_OKTAS = (
    "no domain of Okta's own",
    "an organisation's own (vanity) domain has no admin console, so every link would lead nowhere, "
    "and who signs in there could be anybody",
    f"write the domain of the organisation's Okta address: {', '.join(OKTA_DOMAINS)}",
)
"""What is wrong with another domain, why, and what to write instead."""


def okta_domain(configured: str | None, environment: Mapping[str, str]) -> str:
    """The domain that the provider uses. Raises `MissingError` where it is none of Okta's."""
    named = (configured or "").strip() or environment.get("OKTA_BASE_URL", "").strip()
    domain = named.lower() or OKTA_DOMAINS[0]
    if domain not in OKTA_DOMAINS:
        raise MissingError("okta:baseUrl or OKTA_BASE_URL", *NOT_OKTAS)
    return domain


def okta_organisation(configured: str | None, environment: Mapping[str, str]) -> str:
    """The organisation that the provider uses: its setting, else the environment; may be empty."""
    return (configured or "").strip() or environment.get("OKTA_ORG_NAME", "").strip()


def require_organisation(
    declared: str, configured: str | None, environment: Mapping[str, str]
) -> None:
    """Raises `MissingError` where the organisation in use is another than `declared`.

    `configured`: the setting okta:orgName. Where none is named the provider itself says so.
    """
    name = okta_organisation(configured, environment)
    if name and name.lower() != declared.lower():
        raise MissingError(
            "okta:orgName or OKTA_ORG_NAME",
            f"{name} is not identityProvider.orgName {declared}",
            "everything would be made in the other organisation",
            f"set it to {declared}, with credentials of that organisation",
        )
