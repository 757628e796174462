"""What is allowed and yet better known before it is approved."""

from datetime import date

from scim.config import ScimConfig


def warnings(config: ScimConfig, *, today: date) -> list[str]:
    """One line a warning, in a stable order."""
    found = []
    if config.token.expires_on is None:
        found.append("token.expiresOn is not given: the token never ends; write an expiry.")
    return found
