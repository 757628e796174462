"""What a JSON document can hold, as types, and how a part that may be missing or of another kind is
read. Python's own library only, as pipelines use it.
"""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


def objects(value: object) -> list[JsonObject]:
    """The objects of a list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def inner(props: Mapping[str, Json], *path: str) -> JsonObject:
    """The object at `path`; empty where there is none."""
    value: Json = dict(props)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(props: Mapping[str, Json], key: str) -> list[JsonObject]:
    """A value that is a list of objects; none where it is no list."""
    return objects(props.get(key))


def string(props: Mapping[str, Json], key: str) -> str:
    """A value that is a text; empty where there is none."""
    value = props.get(key)
    return "" if value is None else str(value)


def strings(props: Mapping[str, Json], key: str) -> list[str]:
    """A value that is a list of texts; none where it is no list."""
    value = props.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []
