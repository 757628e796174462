"""Vendors' answers as typed, frozen values; what is not asked for is ignored."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from cfscim.config.json_types import Json
from cfscim.vendors.errors import AnswerError


class Reply(BaseModel):
    """Base of what vendors answer: their camelCase names, ours in Python's way."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


R = TypeVar("R", bound=Reply)


def read(model: type[R], body: Json, where: str) -> R:
    """The body as this type. Raises `AnswerError` ("malformed") naming the field, not its value."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "the answer"
        raise AnswerError(
            "malformed", where, f"an answer that is not as documented ({field}: {problem['msg']})"
        ) from None
