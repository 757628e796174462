"""Names that look right and are not: hidden characters, look-alike letters, near misses."""

import unicodedata

from scim.roles import ROLES, Role


def hidden_character(text: str) -> str | None:
    """The name of the first character in `text` that cannot be seen or breaks a line, if any."""
    for char in text:
        if char != " " and not char.isprintable():
            return unicodedata.name(char, f"U+{ord(char):04X}")
    return None


def nearest_role(name: str) -> Role | None:
    """The role that `name` was most likely meant to be, or nothing."""
    folded = name.casefold()
    return next((role for role in ROLES if role.casefold() == folded), None)
