"""Secrets taken out of any text before it can reach a person, a log or a file."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterable, Iterator
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
"""Below this a cut secret, or its Base64, is too short to be told from an ordinary word."""


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text with every credential replaced by `[secret]`.

    `known` are secrets in use, replaced wherever they stand: in any case, percent-encoded, in
    Base64, with a character cut off. Besides them everything in the shape of a credential goes.
    """
    for secret in sorted({*known}, key=len, reverse=True):
        if len(secret) >= _SHORTEST_KNOWN:
            for pattern in _echoes(secret):
                text = re.sub(pattern, MASK, text, flags=re.IGNORECASE)
    text = PEM.sub(MASK, text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    text = _WORD.sub(lambda word: MASK if _is_secret(word.group()) else word.group(), text)
    return _BASE64.sub(lambda word: MASK if _hides_secret(word.group()) else word.group(), text)


def _echoes(secret: str) -> Iterator[str]:
    """Patterns of the forms in which a vendor may repeat a secret."""
    yield re.escape(secret)
    yield from {re.escape(quote(secret, safe=safe)) for safe in ("", "/")}
    if len(secret) >= _SHORTEST_CUT:
        yield re.escape(secret[:-1])
        yield re.escape(secret[1:])
        for shift in range(3):
            # What Base64 makes of the secret depends on where it begins, modulo three bytes; the
            # characters at both ends also hold bits of what stands around it.
            coded = b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
            whole = (shift + len(secret.encode())) * 8 // 6
            core = coded[-(-shift * 8 // 6) : whole]
            for form in {core, core.replace("+", "-").replace("/", "_")}:
                yield rf"[A-Za-z0-9+/_-]*{re.escape(form)}[A-Za-z0-9+/_-]*=*"


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
