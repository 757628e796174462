"""Secrets taken out of any text before it can reach a person, a log or a file."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from cfscim.config.credentials import MASK, looks_secret

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
# A digit is asked for, so that "Bearer authentication failed" stays readable.
_SCHEME = re.compile(r"\b(Bearer|SSWS|Basic|DPoP)\s+(?=[^\s\"',;]*\d)[^\s\"',;]+", re.IGNORECASE)
_NAMED = re.compile(
    r"""((?:client_?(?:secret|assertion)|(?:access|refresh|id|secret|api)_?token|assertion
         |password|(?:api|private)_?key)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"[^\s\"'=,:;&()<>\[\]{}|]+")
_SHORTEST_KNOWN = 4


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text with every credential replaced by `[secret]`.

    `known` are secrets in use, replaced wherever they stand, also percent-encoded; besides them
    everything in the shape of a credential goes.
    """
    for secret in sorted({*known}, key=len, reverse=True):
        if len(secret) >= _SHORTEST_KNOWN:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    text = _PEM.sub(MASK, text)
    text = _SCHEME.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    return _WORD.sub(lambda word: MASK if looks_secret(word.group()) else word.group(), text)
