"""What every part of the config object has in common."""

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from cfscim.config.refusal import refuse


class Part(BaseModel):
    """A frozen part of the config: camelCase keys, nothing unknown, no silent conversion."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
    )


def _members_given(value: object) -> object:
    if value is None:
        raise refuse(
            "null says neither who nor nobody",
            "an absent list leaves the group to the identity provider, an empty one clears it",
            "write [] for nobody, or leave the key out to let the identity provider manage it",
        )
    return value


MembersGiven = BeforeValidator(_members_given)
"""Refuses null where an absent list and an empty list mean different things."""
