"""Every request the sandbox received, in order, without any secret, and bounded."""

import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterable
from urllib.parse import parse_qsl

from werkzeug import Request

_MAX_ENTRIES = 20_000
_MAX_BODY_CHARACTERS = 65_536


class RequestLog:
    """The newest 20,000 requests. Headers are never stored."""

    def __init__(self) -> None:
        self.masker = Masker()
        self._entries: deque[dict[str, object]] = deque(maxlen=_MAX_ENTRIES)
        self._lock = threading.Lock()
        self._count = 0

    def hide(self, *values: str) -> None:
        """Tell the log about secret values (a token just issued); masked from now on, anywhere."""
        self.masker.hide(values)

    def add(self, request: Request, vendor: str) -> dict[str, object]:
        """Record a request as it arrives; the caller fills in ``status`` and ``fault`` later."""
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        self.masker.hide_seen(credential.strip() or scheme)
        entry: dict[str, object] = {
            "method": request.method,
            "path": self.masker.text(request.path),
            "query": self.masker.form(request.query_string.decode("utf-8", "replace")),
            "vendor": vendor,
            "status": None,
            "body": self._body(request),
        }
        with self._lock:
            self._count += 1
            entry = {"number": self._count, **entry}
            self._entries.append(entry)
        return entry

    def _body(self, request: Request) -> object:
        raw = request.get_data()
        if not raw:
            return None
        if request.mimetype == "application/x-www-form-urlencoded":
            return self.masker.form(raw.decode("utf-8", "replace"))
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            return f"[{len(raw)} bytes that are not JSON]"
        masked = self.masker.body(parsed, scim="/scim/v2" in request.path)
        if len(raw) > _MAX_BODY_CHARACTERS:
            return json.dumps(masked)[:_MAX_BODY_CHARACTERS] + " … [cut]"
        return masked

    def entries(self) -> list[dict[str, object]]:
        """All that is kept, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def clear(self) -> None:
        """Forget the requests; the secrets stay known."""
        with self._lock:
            self._entries.clear()
            self._count = 0


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
_TOKEN_FORMAT = re.compile(
    r"cf(?:at|ut)_[A-Za-z0-9_-]{20,} | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", re.VERBOSE
)
"""Cloudflare's tokens and JSON web tokens."""


class Masker:
    """Knows every secret value seen or issued, and replaces it wherever it stands."""

    def __init__(self) -> None:
        self._issued: set[str] = set()
        self._seen: dict[str, None] = {}
        self._hashes: set[str] = set()

    def hide(self, values: Iterable[str]) -> None:
        """Remember issued secrets; shorter than 8 characters is too common to mask anywhere."""
        # Every text is searched for each of them: what its form gives away is not kept.
        self._issued.update(
            value
            for value in values
            if len(value) >= _SHORTEST and not _TOKEN_FORMAT.fullmatch(value)
        )

    def hide_seen(self, value: str) -> None:
        """Remember a credential that a caller sent; only the newest are kept."""
        if len(value) < _SHORTEST or value in self._issued or _TOKEN_FORMAT.fullmatch(value):
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
