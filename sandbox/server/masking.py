"""Takes secrets out of what the request log keeps."""

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

MASK = "[secret]"
_SECRET_KEYS = frozenset(
    {
        "token",
        "value",
        "secrettoken",
        "client_secret",
        "clientsecret",
        "client_assertion",
        "clientassertion",
        "assertion",
        "password",
        "passwd",
        "bearer",
        "bearertoken",
        "secret",
        "secrettext",
        "access_token",
        "accesstoken",
        "refresh_token",
        "id_token",
        "api_key",
        "apikey",
        "apitoken",
        "api_token",
        "authorization",
        "privatekey",
        "private_key",
    }
)
# Entra names its credentials in a sibling: these are no secrets, and tests need to read them.
_PLAIN_CREDENTIALS = frozenset({"baseaddress", "syncnotificationsettings", "syncall"})
_SHORTEST = 8
_MAX_SEEN = 500
_TOKEN_FORMAT = re.compile(r"cf(?:at|ut)_[A-Za-z0-9_-]{20,}")


class Masker:
    """Knows every secret value seen or issued, and replaces it wherever it stands."""

    def __init__(self) -> None:
        self._issued: set[str] = set()
        self._seen: dict[str, None] = {}
        self._hashes: set[str] = set()

    def hide(self, values: Iterable[str]) -> None:
        """Remember issued secrets; shorter than 8 characters is too common to mask anywhere."""
        self._issued.update(value for value in values if len(value) >= _SHORTEST)

    def hide_seen(self, value: str) -> None:
        """Remember a credential that a caller sent; only the newest are kept."""
        if len(value) < _SHORTEST or value in self._issued:
            return
        self._seen[value] = None
        while len(self._seen) > _MAX_SEEN:
            self._seen.pop(next(iter(self._seen)), None)

    def hide_hash(self, sha256_hex: str) -> None:
        """Remember a secret of which only the SHA-256 is stored."""
        self._hashes.add(sha256_hex)

    def text(self, text: str) -> str:
        """Mask every known secret inside a text."""
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() in self._hashes:
            return MASK
        for value in (*self._issued, *self._seen):
            if value in text:
                text = text.replace(value, MASK)
        return _TOKEN_FORMAT.sub(MASK, text)

    def body(self, body: object, *, scim: bool = False) -> object:
        """Mask a parsed JSON body, in any nesting.

        In SCIM ``value`` is the name of ordinary data (an address, a member), so it is kept there.
        """
        if isinstance(body, dict):
            return {
                self.text(str(key)): self._member(body, str(key), value, scim)
                for key, value in body.items()
            }
        if isinstance(body, list):
            return [self.body(item, scim=scim) for item in body]
        return self.text(body) if isinstance(body, str) else body

    def _member(self, owner: dict[object, object], key: str, value: object, scim: bool) -> object:
        name = key.lower()
        known = name in _SECRET_KEYS and not (scim and name == "value")
        named = str(owner.get("key", "")).lower()
        if name == "value" and named in _PLAIN_CREDENTIALS:
            known = False
        # A list or object under a secret's name is structure (Graph's {"value": […]}): go inside.
        if known and isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return MASK
        return self.body(value, scim=scim)

    def form(self, raw: str) -> dict[str, str]:
        """Mask a URL-encoded form or query."""
        pairs = parse_qsl(raw, keep_blank_values=True)
        return {
            self.text(key): MASK if key.lower() in _SECRET_KEYS else self.text(value)
            for key, value in pairs
        }
