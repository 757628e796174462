"""Ids that look like the vendors' own and come out the same after every reset."""

import hashlib
import uuid

from pydantic import BaseModel, Field

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Counters(BaseModel):
    """How many ids of each kind a state has given out; a reset begins anew."""

    taken: dict[str, int] = Field(default_factory=dict)

    def take(self, kind: str) -> str:
        """Return the seed text of the next id of ``kind``: ``"<kind>/<number>"``."""
        self.taken[kind] = self.taken.get(kind, 0) + 1
        return f"{kind}/{self.taken[kind]}"


def hex32(seed: str) -> str:
    """Cloudflare's form: 32 lower-case hex digits."""
    return hashlib.sha256(f"hex32:{seed}".encode()).hexdigest()[:32]


def guid(seed: str) -> str:
    """Microsoft's form, a version 4 UUID."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"guid:{seed}".encode()).digest()[:16], version=4))


def okta_id(prefix: str, seed: str) -> str:
    """Okta's form: 20 characters that begin with ``prefix`` (``0oa``, ``00g``, ``00u`` …)."""
    number = int.from_bytes(hashlib.sha256(f"okta:{prefix}:{seed}".encode()).digest(), "big")
    text = ""
    while len(prefix) + len(text) < 20:
        number, digit = divmod(number, len(_BASE62))
        text += _BASE62[digit]
    return prefix + text
