"""How a value is refused: validators raise the parts of a message, pydantic's own errors get them.

Key paths are those of the stack file; what to write instead is read off the models.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from cfscim.config.credentials import looks_secret, shown
from cfscim.config.facts import PROVIDERS, PROVIDERS_IN_FULL
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import CONFIG_KEY, Keys, Message, Step, in_config

REFUSED = "refused"
"""pydantic error type of every refusal of ours; its context holds the parts of the message."""


def refuse(what: str, why: str, instead: str) -> PydanticCustomError:
    """The error a validator raises: what is wrong, why it matters, what to write instead."""
    return PydanticCustomError(
        REFUSED, "{what}; {why}; {instead}", {"what": what, "why": why, "instead": instead}
    )


_PROVIDER = "identityProvider"
_CAPITALS = ("Cloudflare", "Okta", "Entra", "Microsoft", "RFC")
Parts = tuple[str, str, str]


def problem_of(
    details: ErrorDetails, root: type[BaseModel], written: Mapping[Keys, str]
) -> Message:
    """One pydantic error of the model `root` as a problem.

    `written` holds, by key path, the text of values that YAML read as something else than text.
    """
    loc = [step for step in details["loc"] if step != "[key]"]
    steps = list(loc)
    if len(loc) > 1 and loc[0] == _PROVIDER and loc[1] in PROVIDERS:
        del steps[1]  # pydantic names the chosen kind, which is no key of the file
    if details["type"].startswith("union_tag"):
        steps.append("kind")
    where = in_config(*steps)
    model, field = at(root, loc)
    what, why, instead = _parts(details, root, model, field, loc, written.get(where.keys))
    return Message(where, what=what, why=why, instead=instead)


def misspelled(errors: Sequence[ErrorDetails]) -> frozenset[tuple[Step, ...]]:
    """Where a key is missing that stands there in another spelling: the unknown key says it."""
    missing: dict[tuple[Step, ...], list[str]] = {}
    for details in errors:
        if details["type"] == "missing":
            *parent, key = details["loc"]
            missing.setdefault(tuple(parent), []).append(str(key))
    meant = set[tuple[Step, ...]]()
    for details in errors if missing else ():
        *parent, key = details["loc"] or ("",)
        if details["type"] == "extra_forbidden" and tuple(parent) in missing:
            near = nearest(str(key), missing[tuple(parent)])
            meant |= {(*parent, near)} if near is not None else set()
    return frozenset(meant)


def _parts(
    details: ErrorDetails,
    root: type[BaseModel],
    model: type[BaseModel],
    field: FieldInfo | None,
    loc: list[Step],
    written: str | None,
) -> Parts:
    kind, value = details["type"], details["input"]
    about = _about(field)
    match kind:
        case str() if kind == REFUSED:
            context = details.get("ctx", {})
            return context["what"], context["why"], context["instead"]
        case "missing":
            return _missing(loc, field)
        case "extra_forbidden":
            return _unknown(root, model, loc)
        case "union_tag_invalid" | "union_tag_not_found":
            return _no_kind(value)
        case "literal_error":
            return _no_choice(value, choices_of(field) if field else [], about)
        case "string_type":
            return _no_text(value, written, about)
        case "bool_type":
            return (
                f"{shown(value)} is neither true nor false",
                f"a truth value is never guessed{about}",
                _boolean(value),
            )
        case "int_type" | "int_from_float" | "greater_than":
            return (
                f"{shown(value)} is no positive whole number",
                f"a number is never guessed{about}",
                _integer(value),
            )
        case "tuple_type" | "list_type":
            return (
                f"{_named(value)} stands where a list belongs",
                f"one entry and several must look alike{about}",
                _list(value),
            )
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return _no_mapping(value, loc, field, about)
        case _:
            return (
                f"{shown(value)} cannot be used here",
                f"it would be misread{about}",
                _example(loc, field),
            )


def _about(field: FieldInfo | None) -> str:
    """What the field is for, in brackets: the first clause of its description."""
    if field is None or not field.description:
        return ""
    first = re.split(r"[.;](?: |$)", field.description, maxsplit=1)[0]
    if not first.startswith(_CAPITALS):
        first = first[0].lower() + first[1:]
    return f" ({first})"


def _example(loc: list[Step], field: FieldInfo | None) -> str:
    key = next((step for step in reversed(loc) if isinstance(step, str)), "")
    if field is not None and field.examples:
        return f"write {_yaml(key, field.examples[0])}"
    return f"write {key} as the documentation shows it"


def _yaml(key: str, value: object) -> str:
    text = "true" if value is True else str(value)
    if isinstance(value, str) and (value.isdecimal() or value != value.strip() or ":" in value):
        text = f'"{value}"'
    if isinstance(value, list):
        text = f"[{', '.join(map(str, value))}]"
    if isinstance(value, dict):
        return f'"{key}:" with its own keys below it'
    return f'"{key}: {text}"' if '"' not in text else f"{key}: {text}"


def _missing(loc: list[Step], field: FieldInfo | None) -> Parts:
    key = str(loc[-1])
    why = f"nothing can stand in for it{_about(field)}"
    if field is not None and any(True for _ in models_in(field.annotation)):
        if key == _PROVIDER:
            return f"{key} is missing", why, f'add "{key}:" with "kind: okta" or "kind: entra"'
        inner = ", ".join(key for model in models_in(field.annotation) for key in keys_of(model))
        return f"{key} is missing", why, f'add "{key}:" with its own keys ({inner})'
    added = _example(loc, field).removeprefix("write ")
    choices = choices_of(field) if field else []
    if len(choices) > 1:
        added = " or ".join(f'"{key}: {choice}"' for choice in choices)
    return f"{key} is missing", why, f"add {added}"


def _unknown(root: type[BaseModel], model: type[BaseModel], loc: list[Step]) -> Parts:
    key = str(loc[-1])
    name = shown(key)
    why = "an unknown key would be passed over in silence, so none is allowed"
    known = keys_of(model)
    here = next((other for other in known if nearest(key, [other]) == other), None)
    if nearest(key, known) is not None:
        here = nearest(key, known)
    if model.model_fields.get("kind") is not None:
        this = choices_of(model.model_fields["kind"])[0]
        for other, other_model in _provider_models(root).items():
            if other != this and key in keys_of(other_model):
                return (
                    f"{name} belongs to kind {other}, not to kind {this}",
                    f"{PROVIDERS_IN_FULL[this]} has no such setting",
                    f'remove it, or write "kind: {other}"' + (f" (near: {here})" if here else ""),
                )
    places = list(homes(root, key))
    if places and here is None:
        place = places[0]
        where = f"under {place}" if place else f"directly under {CONFIG_KEY}"
        return f"{name} stands in the wrong place", why, f"move it to where it belongs: {where}"
    if here:
        return f"{name} is no key here", why, f"write {here}"
    return f"{name} is no key here", why, "remove it, or write one of " + ", ".join(known)


def _provider_models(root: type[BaseModel]) -> dict[str, type[BaseModel]]:
    field = next(field for field in root.model_fields.values() if field.alias == _PROVIDER)
    models = {}
    for model in models_in(field.annotation):
        if "kind" in model.model_fields:
            models[choices_of(model.model_fields["kind"])[0]] = model
    return models


def _no_kind(value: object) -> Parts:
    why = "it decides which identity provider is set up and which keys belong here"
    given = value.get("kind") if isinstance(value, Mapping) else None
    if given is None:
        return "kind is missing", why, 'add "kind: okta" or "kind: entra"'
    aliases = {"azure": "entra", "azuread": "entra", "aad": "entra", "microsoft": "entra"}
    plain = str(given).lower().replace(" ", "") if isinstance(given, str) else ""
    near = nearest(plain, list(PROVIDERS)) or aliases.get(plain)
    near = near or ("entra" if "entra" in plain or "azure" in plain else None)
    return (
        f"{shown(given)} is no identity provider this program knows",
        why,
        f'write "kind: {near}"' if near else 'write "kind: okta" or "kind: entra"',
    )


def _no_choice(value: object, choices: list[str], about: str) -> Parts:
    near = nearest(value, choices) if isinstance(value, str) else None
    offered = f"write {near}" if near else "write " + " or ".join(choices)
    return f"{shown(value)} is none of its values", f"only its own are understood{about}", offered


def _no_text(value: object, written: str | None, about: str) -> Parts:
    why = f"a text is handed on letter for letter{about}"
    if value is None:
        return "nothing stands where a text belongs", why, "write a text, or leave the key out"
    if isinstance(value, bool | int | float):
        text = written if written is not None else shown(value)
        kind = "true or false" if isinstance(value, bool) else "a number"
        certain = written is not None or isinstance(value, bool | int)
        return (
            f"{text} is read as {kind}, not as text",
            why,
            f'write "{text}" in quotes' if certain else "write it in quotes in the stack file",
        )
    return f"{_named(value)} stands where a text belongs", why, "write one text"


def _boolean(value: object) -> str:
    if isinstance(value, str) and value.strip().lower() in ("true", "yes", "on", "y", "1"):
        return "write true, without quotes"
    if isinstance(value, str) and value.strip().lower() in ("false", "no", "off", "n", "0"):
        return "write false, without quotes"
    return "write true or false, without quotes"


def _integer(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"\s*[1-9][0-9]{0,8}\s*", value):
        return f"write {value.strip()}, without quotes"
    return "write a whole number above 0, without quotes, or leave the key out"


def _list(value: object) -> str:
    if isinstance(value, str) and not looks_secret(value) and value:
        return f"write [{value}]"
    return "write [] for an empty list, or one entry a line after a dash"


def _no_mapping(value: object, loc: list[Step], field: FieldInfo | None, about: str) -> Parts:
    key = next((step for step in reversed(loc) if isinstance(step, str)), "")
    what = f"{_named(value)} stands where keys and values belong"
    why = f"its settings are read by their keys{about}"
    if not loc:
        return what, "the stack declares nothing without it", f'write "{CONFIG_KEY}:" with its keys'
    if len(loc) == 2 and loc[0] == "roles":
        listed = isinstance(value, list | tuple)
        return what, why, f'write "{key}: {{{"members: [...]" if listed else ""}}}"'
    optional = value is None and field is not None and not field.is_required()
    return (
        what,
        why,
        f"write the keys of {key} below it, " + ("or leave it out" if optional else "indented"),
    )


def _named(value: object) -> str:
    return "nothing" if value is None else shown(value)


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
        by_kind = [candidate for candidate in candidates if step in _kinds(candidate)]
        if by_kind:
            model, field = by_kind[0], None
            continue
        for candidate in candidates:
            info = _field(candidate, step)
            if info is not None:
                model, field = candidate, info
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
