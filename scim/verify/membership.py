"""An identity provider's group against the members that the config declares."""

from collections.abc import Iterable

from scim.verify.directory import named
from scim.verify.question import Verdict, fails, holds


def exactly(declared: Iterable[str], found: Iterable[str], action: str) -> Verdict:
    """Exactly these people; addresses are compared without regard to case."""
    wanted, there = _by_key(declared), _by_key(found)
    parts = [f"{wanted[key]} is missing" for key in sorted(wanted.keys() - there.keys())]
    parts += [f"{there[key]} is not declared" for key in sorted(there.keys() - wanted.keys())]
    expected = named(sorted(wanted.values())) or "nobody"
    return fails(expected, named(parts), action) if parts else holds(expected)


def includes(declared: Iterable[str], found: Iterable[str], action: str) -> Verdict:
    """At least these people."""
    wanted, there = _by_key(declared), _by_key(found)
    missing = [wanted[key] for key in sorted(wanted.keys() - there.keys())]
    expected = f"at least {named(sorted(wanted.values())) or 'nobody'}"
    if missing:
        return fails(expected, f"{named(missing)} is missing", action)
    return holds(expected, f"{len(there)} people")


def _by_key(people: Iterable[str]) -> dict[str, str]:
    return {person.lower(): person for person in people}
