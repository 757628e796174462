"""Checks answers against Okta's own OpenAPI document, where a copy of it is at hand."""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

_FORMATS = FormatChecker(["email"])


@_FORMATS.checks("date-time", ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


SPEC = Path(__file__).parents[4] / "shared" / "specs" / "okta-management.json"


_LOOSE = (".settings.signOn", ".importSettings.username")
_MAPPINGS = "/api/v1/apps/{appId}/group-push/mappings"
RECORDED = {("POST", _MAPPINGS): (200, 201), ("DELETE", _MAPPINGS + "/{mappingId}"): (200, 204)}
"""Where live Okta was recorded to answer another status than the document's, and which of it."""


@cache
def document() -> dict[str, Any] | None:
    """The document, made readable for JSON Schema; None where there is no copy."""
    if not SPEC.is_file():
        return None
    return _readable(json.loads(SPEC.read_text(encoding="utf-8")))


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The path template and description of a request, the most literal template first."""
    spec = document()
    if spec is None:
        return None
    templates = sorted(spec["paths"], key=lambda template: (template.count("{"), template))
    for template in templates:
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        found = spec["paths"][template].get(method.lower())
        if found is not None and re.fullmatch(pattern, path):
            return template, found
    return None


def problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer; nothing for a path that the document's slice leaves out."""
    known = operation(method, path)
    spec = document()
    if known is None or spec is None:
        return []
    answers = known[1]["responses"]
    seen, written = RECORDED.get((method, known[0]), (None, 0))
    if status == seen:
        status = written
    if str(status) not in answers:
        if status < 400:
            return [f"{method} {path}: status {status} is not one of {sorted(answers)}"]
        schema: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
    else:
        answer = _follow(answers[str(status)])
        content = answer.get("content", {})
        if "application/json" not in content:
            empty = body in (None, {})  # lifecycle calls answer {} beyond their description
            return [] if empty or status >= 400 else [f"{method} {path}: a body is not expected"]
        schema = content["application/json"]["schema"]
    # Live Okta answers null for absent, whether or not the document allows it.
    found = _invalid(schema, body) and _invalid(schema, _without_nulls(body))
    return [f"{method} {path} {status}: {text}" for text in found]


def _without_nulls(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: _without_nulls(value) for key, value in body.items() if value is not None}
    return [_without_nulls(item) for item in body] if isinstance(body, list) else body


def _invalid(schema: dict[str, Any], body: Any) -> list[str]:
    full = {**schema, "components": _components()}
    checker = Draft4Validator(full, format_checker=_FORMATS)
    found = [
        f"{error.json_path}: {error.message}"
        for error in checker.iter_errors(body)
        # Recorded answers lack these: keys of a catalogue app's SAML, and usernameFormat, which
        # stands there as userNameFormat.
        if not (error.validator == "required" and error.json_path.endswith(_LOOSE))
    ]
    for item in body if isinstance(body, list) else [body]:
        inner = _follow(schema)
        concrete = _concrete(inner.get("items", inner), item)
        if concrete is not None:
            found += _invalid(concrete, item)
    return found


def _concrete(schema: dict[str, Any], item: object) -> dict[str, Any] | None:
    """The schema that a discriminator names for an item."""
    schema = _follow(schema)
    chooser = schema.get("discriminator")
    if chooser is None or not isinstance(item, dict):
        return None
    name = chooser.get("mapping", {}).get(item.get(chooser["propertyName"]))
    return {"$ref": name} if name else None


def _components() -> dict[str, Any]:
    spec = document()
    return spec["components"] if spec else {}


def _follow(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _readable(node: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: nullable; and oneOf as anyOf, because Okta's overlap."""
    if isinstance(node, list):
        return [_readable(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {("anyOf" if key == "oneOf" else key): _readable(node[key]) for key in node}
    if changed.get("nullable") is True and isinstance(changed.get("type"), str):
        changed["type"] = [changed["type"], "null"]
        if "enum" in changed:
            changed["enum"] = [*changed["enum"], None]
    return changed
