"""Names that look right and are not: hidden characters, look-alike letters, near misses."""

import unicodedata
from difflib import SequenceMatcher, get_close_matches

from cfscim.config.roles import ROLES, Role

_LETTERS = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421"  # Cyrillic
    "\u0422\u0423\u0425\u0430\u0435\u043e\u0455\u0456\u0458\u0440\u0441\u0443"
    "\u0445\u04bb\u04cf\u0501\u051b\u051d\u043f\u0433"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4"  # Greek
    "\u03a5\u03a7\u03b1\u03b5\u03bd\u03b9\u03ba\u03bf\u03c1\u03c4\u03c5\u03c7"
    "\u0585\u057d\u0578\u0570"  # Armenian
    "\u0131\u0261\u0251\u2113",  # other Latin
    "ABESIJKMHOPCTYXaeosijpcyxhldqwnrABEZHIKMNOPTYXaevikoptuxounhigal",
)
"""Letters drawn like an ASCII letter -> that letter; escaped, since nobody can tell them apart."""

_DASHES = (
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d\u30fc_~\u00b7\u2022:/|"
)
_LONGEST = 120  # comparing takes time that grows with the square of the length
_COMMON = {
    "super administrator": Role.SUPER_ADMINISTRATOR,
    "super admin": Role.SUPER_ADMINISTRATOR,
    "superadmin": Role.SUPER_ADMINISTRATOR,
    "superadministrator": Role.SUPER_ADMINISTRATOR,
    "all privileges": Role.SUPER_ADMINISTRATOR,
    "owner": Role.SUPER_ADMINISTRATOR,
    "admin": Role.ADMINISTRATOR,
    "admins": Role.ADMINISTRATOR,
    "read only": Role.ADMINISTRATOR_READ_ONLY,
    "admin read only": Role.ADMINISTRATOR_READ_ONLY,
    "readonly": Role.ADMINISTRATOR_READ_ONLY,
    "read only administrator": Role.ADMINISTRATOR_READ_ONLY,
    "billing admin": Role.BILLING,
    "billing administrator": Role.BILLING,
}


def character_name(char: str) -> str:
    """The character as a message names it: its Unicode name, or its number."""
    return unicodedata.name(char, f"U+{ord(char):04X}")


def hidden_character(text: str) -> str | None:
    """The name of the first character in `text` that cannot be seen or breaks a line, if any."""
    return next((character_name(c) for c in text if c != " " and not c.isprintable()), None)


def foreign_character(text: str) -> str | None:
    """The name of the first character outside ASCII in `text`, if any."""
    return next((character_name(c) for c in text if not c.isascii()), None)


def skeleton(text: str) -> str:
    """What the text looks like in plain ASCII, as far as known, without invisible characters."""
    seen = "".join(
        "-" if char in _DASHES else " " if char.isspace() else char
        for char in unicodedata.normalize("NFKC", text.translate(_LETTERS)).translate(_LETTERS)
        if unicodedata.category(char) not in ("Cf", "Cc", "Mn") or char.isspace()
    )
    return " ".join(seen.split())


def nearest_role(name: str) -> Role | None:
    """The role that `name` was most likely meant to be, or nothing when none is near."""
    if len(name) > _LONGEST:
        return None
    plain = skeleton(name).casefold()
    words = " ".join(plain.replace("-", " ").split())
    for role in ROLES:
        if words == " ".join(role.casefold().replace("-", " ").split()):
            return role
    if words.startswith("cf ") and (inner := nearest_role(words.split(" ", 2)[-1])):
        return inner  # the guide's Entra name, where only the role name belongs
    if words in _COMMON:
        return _COMMON[words]
    joined = {role.casefold().replace(" ", "").replace("-", ""): role for role in ROLES}
    near = get_close_matches(words.replace(" ", ""), joined, n=1, cutoff=0.75)
    return joined[near[0]] if near else None


def difference_from(name: str, right: str) -> str:
    """In words, how `name` differs from the right name it was meant to be."""
    if hidden := hidden_character(name):
        return f"contains {hidden}"
    if foreign := foreign_character(name):
        return f"contains {foreign}"
    if name.casefold() == right.casefold():
        return "differs in upper and lower case"
    if " ".join(name.split()) == right:
        return "differs in white space"
    return "is not the exact name"


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that `word` was most likely meant to be, compared without case and `_-`."""
    if len(word) > _LONGEST:
        return None
    folded = {_folded(candidate): candidate for candidate in known}
    if (same := folded.get(_folded(word))) is not None:
        return same
    best = max(folded, key=lambda name: _ratio(_folded(word), name), default=None)
    return folded[best] if best and _ratio(_folded(word), best) >= 0.75 else None


def _folded(word: str) -> str:
    return skeleton(word).casefold().replace("_", "").replace("-", "").replace(" ", "")


def _ratio(word: str, other: str) -> float:
    return SequenceMatcher(None, word, other).ratio()
