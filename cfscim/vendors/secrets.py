"""Secrets taken out of any text before it can reach a person, a log or a file."""

import os
import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote

from cfscim.config.credentials import MASK, PEM, looks_secret

# A digit is asked for, so that "Bearer authentication failed" stays readable.
_SCHEME = re.compile(r"\b(Bearer|SSWS|Basic|DPoP)\s+(?=[^\s\"',;]*\d)[^\s\"',;]+", re.IGNORECASE)
_NAMED = re.compile(
    r"""((?:client_?(?:secret|assertion)|(?:access|refresh|id|secret|api)_?token|assertion
         |password|(?:api|private)_?key)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"[^\s\"'=,:;&()<>\[\]{}|]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_TEXT = re.compile(r"[\x20-\x7e]{12,}")
_CHANGED = re.compile(
    r"""
      (?<![A-Za-z0-9])c?f[ua]t_\w{30,} | (?<![A-Za-z0-9])c?fk_\w{30,} # Cloudflare's
    | \byJ[\w-]{8,}\.[\w-]{8,}\.                                      # JSON web tokens
    | (?<![\w-])00[\w-]{39}(?![\w-])                                   # Okta's, the last cut off
    | (?<![\w-])PUL-[0-9A-F]{40}(?![\w-])                              # Pulumi's
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Shapes of credentials in capitals, and with a character cut off."""

_SHORTEST_KNOWN = 4
_SHORTEST_CUT = 8
"""Below this a part of a secret, or of its Base64, cannot be told from an ordinary word."""
_RUN, _GRAM = 12, 6
"""So many characters of a secret in a row give it away; how many of them are looked for at once."""
_LONGEST = 4096
"""No credential is longer in one line."""
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_AROUND = re.compile(r"[\w+/~.-]*")


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text with every credential replaced by `[secret]`.

    `known` are secrets in use, replaced wherever they stand: in any case, percent-encoded, in
    Base64, and every longer part of them. Besides them everything in the shape of a credential
    goes.
    """
    for secret in sorted({*known}, key=len, reverse=True):
        if len(secret) >= _SHORTEST_KNOWN:
            for form in _plain(secret):
                text = re.sub(re.escape(form), MASK, text, flags=re.IGNORECASE)
        for form, places in _looked_for(secret):
            text = _without_runs(text, form, places)
    text = PEM.sub(MASK, text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    text = _WORD.sub(lambda word: MASK if _is_secret(word.group()) else word.group(), text)
    return _BASE64.sub(lambda word: MASK if _hides_secret(word.group()) else word.group(), text)


@lru_cache(maxsize=64)
def _looked_for(secret: str) -> tuple[tuple[str, Mapping[str, Sequence[int]]], ...]:
    """The forms of which no longer part may be seen, in small letters, each with the places of its
    grams; worked out once, as every call to a vendor masks what it says."""
    forms = (form for part in _parts(secret) for form in (*_plain(part), *_coded(part)))
    return tuple(
        (form, _grams(form)) for form in dict.fromkeys(form.translate(_SMALL) for form in forms)
    )


def _grams(form: str) -> dict[str, list[int]]:
    """Where in a form each run of so many characters begins."""
    places: dict[str, list[int]] = {}
    for place in range(len(form) - _GRAM + 1):
        places.setdefault(form[place : place + _GRAM], []).append(place)
    return places


def _parts(secret: str) -> Iterator[str]:
    """What of a secret nobody may see a part of; not the words around a key."""
    lines = secret.splitlines() if PEM.search(secret) else [secret]
    return (line for line in lines if len(line) >= _SHORTEST_CUT and "-----" not in line)


def _plain(secret: str) -> set[str]:
    """A secret as it is and percent-encoded."""
    return {secret, quote(secret, safe=""), quote(secret, safe="/")}


def _coded(secret: str) -> Iterator[str]:
    """What Base64 makes of a secret in any case, wherever it begins modulo three bytes; what stands
    around it has its bits in the characters at both ends, which are left out."""
    for written in (secret, secret.upper(), secret.lower()):
        for shift in range(3):
            coded = b64encode(b"\0" * shift + written.encode()).decode().rstrip("=")
            core = coded[-(-shift * 8 // 6) : (shift + len(written.encode())) * 8 // 6]
            yield from (core, core.replace("+", "-").replace("/", "_"))


def _without_runs(text: str, form: str, places: Mapping[str, Sequence[int]]) -> str:
    """The text without any word that has as many characters of the form in a row as tell it."""
    small = text.translate(_SMALL)
    least = min(_RUN, len(form) - 1)
    parts, end = [], 0
    # Of so many characters in a row, one of these looks meets a whole gram.
    for at in range(0, len(small), max(1, least - _GRAM + 1)):
        for place in places.get(small[at : at + _GRAM], ()):
            before = _alike(small[:at][: -_LONGEST - 1 : -1], form[:place][::-1])
            last = at + _alike(small[at : at + _LONGEST], form[place:])
            if at >= end and last - at + before >= least:
                first = at - before - _word(text[end : at - before][::-1])
                parts += [text[end:first], MASK]
                end = last + _word(text[last:])
    return "".join([*parts, text[end:]])


def _alike(text: str, form: str) -> int:
    """How many characters two texts begin with alike."""
    return len(os.path.commonprefix([text, form]))  # noqa: RUF071 - characters, no paths


def _word(text: str) -> int:
    """How long the word is that a text begins with."""
    begun = _AROUND.match(text)
    return begun.end() if begun else 0


def _is_secret(word: str) -> bool:
    """Whether the word has the shape of a credential, in capitals or cut short too."""
    return looks_secret(word) or _CHANGED.search(word) is not None


def _hides_secret(word: str) -> bool:
    """Whether the word is Base64 of something in the shape of a credential."""
    plain = word.replace("-", "+").replace("_", "/").rstrip("=")
    for start in range(4):
        part = plain[start:]
        try:
            decoded = b64decode(part[: len(part) // 4 * 4]).decode("latin-1")
        except (NoBase64, ValueError):
            continue
        if any(looks_secret(word) for word in _TEXT.findall(decoded)):
            return True
    return False
