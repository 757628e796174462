"""Looks into the models: which field stands at a place, and where a key would belong."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Model = type[BaseModel]


def alias_of(name: str, field: FieldInfo) -> str:
    """The key a field has in the config object."""
    return field.alias or name


def keys_of(model: Model) -> list[str]:
    """Every key the model knows, in the order they are declared."""
    return [alias_of(name, field) for name, field in model.model_fields.items()]


def models_in(annotation: object) -> Iterator[Model]:
    """Every model an annotation mentions, outermost first."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def choices_of(field: FieldInfo) -> list[str]:
    """The values a field of literals takes; nothing for any other field."""
    return list(get_args(field.annotation)) if get_origin(field.annotation) is Literal else []


def at(root: Model, loc: Sequence[int | str]) -> tuple[Model, FieldInfo | None]:
    """The innermost model on the way to `loc`, and the field of it that `loc` lies in.

    `loc` is pydantic's, so the kind of the identity provider stands in it as a step.
    """
    model, field = root, None
    for step in loc:
        candidates = list(models_in(field.annotation)) if field else [model]
        by_kind = [one for one in candidates if step in _kinds(one)]
        if by_kind:
            model, field = by_kind[0], None
            continue
        for candidate in candidates:
            found = _field(candidate, step)
            if found is not None:
                model, field = candidate, found
                break
        else:
            if len(candidates) == 1 and field is not None and not isinstance(step, int):
                model = candidates[0]
    return model, field


def homes(root: Model, key: str, above: str = "") -> Iterator[str]:
    """The paths under which the models know `key`, such as `token` for `expiresOn`."""
    for name, field in root.model_fields.items():
        alias = alias_of(name, field)
        if alias == key:
            yield above
        for model in models_in(field.annotation):
            inner = f"{above}.{alias}" if above else alias
            yield from homes(model, key, inner)


def _field(model: Model, step: int | str) -> FieldInfo | None:
    for name, field in model.model_fields.items():
        if alias_of(name, field) == step:
            return field
    return None


def _kinds(model: Model) -> list[str]:
    kind = model.model_fields.get("kind")
    return choices_of(kind) if kind else []
