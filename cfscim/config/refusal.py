"""How a validator says no: the four parts of a message, carried through pydantic."""

from pydantic_core import PydanticCustomError

REFUSED = "refused"
"""pydantic error type of every refusal of ours; its context holds the parts of the message."""


def refuse(what: str, why: str, instead: str) -> PydanticCustomError:
    """The error a validator raises: what is wrong, why it matters, what to write instead."""
    return PydanticCustomError(
        REFUSED, "{what}; {why}; {instead}", {"what": what, "why": why, "instead": instead}
    )
