"""Whether the Okta credentials in use are of the organisation that the config names.

With another organisation's in the environment everything would be made there, without a word.
"""

from collections.abc import Mapping

from cfscim.config.messages import MissingError


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
