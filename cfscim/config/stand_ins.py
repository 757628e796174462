"""What stands in a plan for a value that only a vendor could give.

`${<kind>: <name>}`: what a look-up finds. `${<resource>.<output>}`: what only a resource will know.
"""

UNKNOWN = "${unknown}"
"""What stands in the place of a value that only the finished update will know."""
PERMISSION_GROUP, USER = "permission group", "user"
"""Kinds of what is looked up."""


def looked_up(kind: str, name: str) -> str:
    """What stands for the id of a kind's one of this name."""
    return f"${{{kind}: {name}}}"


def output_of(resource: str, output: str) -> str:
    """What stands for a resource's output."""
    return f"${{{resource}.{output}}}"


def name_in(kind: str, value: object) -> str | None:
    """The name that a value looks up among a kind; None for any other value."""
    begin = looked_up(kind, "")[:-1]
    looks = isinstance(value, str) and value.startswith(begin) and value.endswith("}")
    return str(value)[len(begin) : -1] if looks else None


def stands_in(value: object) -> bool:
    """Whether nobody knows the value yet. Okta's own expressions begin alike: `${source.email}`."""
    return isinstance(value, str) and value.startswith("${") and not value.startswith("${source.")
