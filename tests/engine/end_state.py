"""All that a sandbox holds, in a form in which two runs can be compared.

Ids and token values differ with the order of requests: each stands as the name of what it is, so
that a reference to the wrong object still shows. Ids nobody made in the run stay as they are.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_MADE = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(0o[a-z]|00[a-z]|gPm)[0-9A-Za-z]{17}|[\w-]{43}"
)
_TOKEN = re.compile(r"cf[au]t_\w+")
_NAMES = ("displayName", "userPrincipalName", "label", "name", "email", "login", "display_name")
# How often and when requests were made, and whose they were: not what they led to.
_HISTORY = {
    *("counters", "log", "audit", "rate_limit", "rate_minute", "rate_count", "credentials"),
    *("late", "searched_users", "searched_groups"),
}


def end_state(directory: Path) -> object:
    """What the stopped sandbox of `directory` left, comparable with that of another run."""
    stored = json.loads((directory / "state.json").read_text())
    known: dict[str, str] = {}
    for found, meaning in _known("", stored):
        known.setdefault(found, meaning)
    pattern = re.compile("|".join(sorted(map(re.escape, known), key=len, reverse=True)))
    return _normal(stored, known, pattern)


def differences(left: object, right: object, path: str = "") -> list[str]:
    """Every place where two end states differ, as `path: left != right`."""
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            line
            for key in sorted({*left, *right})
            for line in differences(left.get(key), right.get(key), f"{path}.{key}")
        ]
    if isinstance(left, list) and isinstance(right, list):
        here, there = (Counter(json.dumps(item) for item in side) for side in (left, right))
        only, more = ([json.loads(item) for item in both] for both in (here - there, there - here))
        if len(only) == len(more) == 1:
            return differences(only[0], more[0], f"{path}[]")
        return [f"{path}: {only} != {more}"] if only or more else []
    return [] if left == right else [f"{path}: {left!r} != {right!r}"]


def _known(kind: str, value: object) -> Iterator[tuple[str, str]]:
    """Each id and token value of the run with what it stands for."""
    if isinstance(value, dict):
        named = {**value, **(value.get("properties") or {})} if "id" in value else value
        name = next((named[key] for key in _NAMES if isinstance(named.get(key), str)), "")
        if isinstance(value.get("id"), str) and _MADE.fullmatch(value["id"]):
            yield value["id"], f"<{' '.join(filter(None, (kind, value.get('type'), name)))}>"
        for key in ("appId", "value_sha256"):
            if isinstance(named.get(key), str):
                yield named[key], f"<{key} of {name}>"
        for key, inner in value.items():
            # The entries of a mapping by id are of the kind that the mapping is named after.
            yield from _known(kind if _MADE.fullmatch(key) else key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _known(kind, inner)


def _normal(value: object, known: Mapping[str, str], pattern: re.Pattern[str]) -> object:
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if key not in _HISTORY}
        pairs = [
            (_normal(key, known, pattern), _normal(_random(key, inner), known, pattern))
            for key, inner in kept.items()
        ]
        keys = [str(key) for key, _ in pairs]
        if len({*keys}) == len(keys):
            return {str(key): inner for key, inner in sorted(pairs, key=lambda pair: str(pair[0]))}
        return sorted((list(pair) for pair in pairs), key=json.dumps)
    if isinstance(value, list):
        return sorted((_normal(item, known, pattern) for item in value), key=json.dumps)
    if isinstance(value, str):
        hashed = _TOKEN.sub(lambda token: _hash(token[0], known), value)
        return _STAMP.sub("<time>", pattern.sub(lambda found: known[found[0]], hashed))
    return value


def _hash(token: str, known: Mapping[str, str]) -> str:
    """As Cloudflare keeps it; what a deleted application has saved outlives its token."""
    hashed = hashlib.sha256(token.encode()).hexdigest()
    return hashed if hashed in known else "<a token that is gone>"


def _random(key: str, value: object) -> object:
    # Provider and rehearsal both make up a mail nickname for a group that has no mailbox.
    if key == "mailNickname" and re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]", str(value)):
        return "<random>"
    # Made of the object id.
    return "<id>" if key == "securityIdentifier" and value else value
