"""An identity provider's group against the members that the config declares."""

from collections.abc import Iterable, Mapping

from cfscim.verify.directory import named
from cfscim.verify.question import Verdict, fails, holds


def exactly(
    declared: Iterable[str], found: Iterable[str], action: str, reasons: Mapping[str, str]
) -> Verdict:
    """Exactly these people; addresses are compared without regard to case.

    `reasons`: address in lower case -> why this person is in no group.
    """
    wanted, there = _by_key(declared), _by_key(found)
    parts = [_missing(wanted[key], reasons) for key in sorted(wanted.keys() - there.keys())]
    parts += [f"{there[key]} is not declared" for key in sorted(there.keys() - wanted.keys())]
    expected = named(sorted(wanted.values())) or "nobody"
    return fails(expected, named(parts), action) if parts else holds(expected)


def includes(
    declared: Iterable[str], found: Iterable[str], action: str, reasons: Mapping[str, str]
) -> Verdict:
    """At least these people; otherwise as `exactly`."""
    wanted, there = _by_key(declared), _by_key(found)
    missing = [_missing(wanted[key], reasons) for key in sorted(wanted.keys() - there.keys())]
    expected = f"at least {named(sorted(wanted.values())) or 'nobody'}"
    if missing:
        return fails(expected, named(missing), action)
    return holds(expected, f"{len(there)} people")


def _missing(person: str, reasons: Mapping[str, str]) -> str:
    reason = reasons.get(person.lower())
    return f"{person} is missing ({reason})" if reason else f"{person} is missing"


def _by_key(people: Iterable[str]) -> dict[str, str]:
    return {person.lower(): person for person in people}
