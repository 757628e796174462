"""E-mail addresses: one strict syntax, and what to write where someone wrote another."""

import re

from cfscim.config.credentials import shown
from cfscim.config.lookalikes import foreign_character, hidden_character, skeleton

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
EMAIL_PATTERN = rf"^{_WORD}(\.{_WORD})*@({_LABEL}\.)+{_TOP}$"
"""The syntax as a JSON Schema pattern: a dot-atom, `@`, and a host name with at least one dot."""

_EMAIL = re.compile(rf"{EMAIL_PATTERN[1:-1]}\Z")
_ANGLED = re.compile(r"<([^<>]*)>\s*\Z")
LONGEST_LOCAL, LONGEST = 64, 254


def is_address(text: str) -> bool:
    """Whether the text is one plain address (RFC 5321 dot-atom and lengths; no DNS is asked)."""
    return (
        len(text) <= LONGEST and text.find("@") <= LONGEST_LOCAL and _EMAIL.match(text) is not None
    )


def what_is_wrong(text: str) -> tuple[str, str]:
    """For a text that is no address: what is wrong with it, and what to write instead."""
    what = f"{shown(text)} is no e-mail address"
    instead = "write the plain address, like ada@example.com"
    if not text.strip():
        return "the e-mail address is empty", "write an address, like ada@example.com"
    if hidden := hidden_character(text) or foreign_character(text):
        what = f"{shown(text)} contains {hidden}"
        return what, _offer(skeleton(text).replace(" ", ""), instead)
    if angled := _ANGLED.search(text):
        return f"{shown(text)} has a display name", _offer(angled[1].strip(), instead)
    if text != text.strip():
        return f"{shown(text)} has white space around it", _offer(text.strip(), instead)
    if text.lower().startswith("mailto:"):
        return f"{shown(text)} is a link", _offer(text[7:], instead)
    if any(mark in text for mark in ",; "):
        return (
            f"{shown(text)} is more than one word",
            "write one plain address, and any further one as an entry of its own",
        )
    if "@" not in text:
        return f"{shown(text)} has no @", instead
    if len(text) > LONGEST or text.find("@") > LONGEST_LOCAL:
        return f"{shown(text)} is too long", "write an address of at most 64 + 189 characters"
    if ".@" in text or ".." in text or text.startswith("."):
        return f"{shown(text)} has a dot too many", instead
    return what, instead


def _offer(address: str, otherwise: str) -> str:
    return f"write {address}" if is_address(address) else otherwise
