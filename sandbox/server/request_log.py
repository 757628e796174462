"""Every request the sandbox received, in order, without any secret, and bounded."""

import json
import threading
from collections import deque

from werkzeug import Request

from sandbox.server.masking import Masker

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
