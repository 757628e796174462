"""`schema`: JSON Schema (2020-12) of the config object, of a whole stack file for editors, and the
tables of docs/ that are made from it.

Made from the models, so that a key, or a switch of Okta's, is described where it is declared and
nowhere again; rules between fields are added here as far as a schema can say them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cfscim.config import okta_switches
from cfscim.config.facts import PROVIDERS_IN_FULL, UNARY
from cfscim.config.messages import CONFIG_KEY, UsageError
from cfscim.config.models import ScimConfig
from cfscim.config.okta_switches import Page
from cfscim.config.provider_settings import CREDENTIALS
from cfscim.config.roles import ROLES
from cfscim.config.words import INTEGER

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
Object = dict[str, Json]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def run(*, stack_file: bool) -> int:
    """Prints the schema of the config object, or of a whole stack file; the exit code is 0."""
    print(text(stack_file_schema() if stack_file else config_schema()), end="")
    return 0


def text(schema: Object) -> str:
    """The schema as it is printed and published: the same bytes for the same models."""
    return json.dumps(schema, indent=2) + "\n"


def config_schema() -> Object:
    """The schema of the object under `cloudflare-scim:scim`."""
    schema: Object = ScimConfig.model_json_schema(by_alias=True)
    definitions = _object(schema.pop("$defs"))
    definitions.pop("Role", None)  # role names stand as property names instead
    _tidy(schema)
    for definition in definitions.values():
        _tidy(_object(definition))
    _between_fields(schema, definitions)
    schema["description"] = (
        "Everything one stack declares: account, token, roles, identity provider."
    )
    head: Object = {"$schema": _DIALECT, "title": "Cloudflare dashboard SCIM: one stack"}
    return head | schema | {"$defs": definitions}


def stack_file_schema() -> Object:
    """The schema of a `Pulumi.<stack>.yaml` with that object in its `config`."""
    config = config_schema()
    definitions = _object(config.pop("$defs"))
    del config["$schema"]
    encrypted: Object = {
        "type": "object",
        "description": "An encrypted value: pulumi config set --secret",
        "required": ["secure"],
        "properties": {"secure": {"type": "string"}},
        "additionalProperties": False,
    }
    project = CONFIG_KEY.partition(":")[0]
    properties: Object = {CONFIG_KEY: {"$ref": "#/$defs/ScimConfig"}}
    properties |= {key: {"$ref": "#/$defs/Encrypted"} for key in sorted(CREDENTIALS)}
    return {
        "$schema": _DIALECT,
        "title": "Stack file of the Pulumi project cloudflare-scim",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "description": "The stack's config: the object of this project, and settings of "
                "the providers. Credentials are encrypted or given in the environment.",
                "required": [CONFIG_KEY],
                "properties": properties,
                "patternProperties": {f"^({project}:(?!scim$).*|[^:]*)$": False},
            }
        },
        "$defs": {"ScimConfig": config, "Encrypted": encrypted} | definitions,
    }


def _object(value: Json) -> Object:
    if not isinstance(value, dict):
        raise TypeError("the generated schema has another shape than expected")
    return value


def _tidy(schema: Object) -> None:
    """Drops generated titles; a list or mapping of ours is never null, and lists hold no twins."""
    for name, field in _object(schema.get("properties", {})).items():
        part = _object(field)
        part.pop("title", None)
        if name in ("members", "breakGlass", "allowedCidrs"):
            listed = part.pop("anyOf", None)
            if isinstance(listed, list):
                part |= _object(listed[0])
                part.pop("default", None)
            part["uniqueItems"] = True
    schema.pop("title", None)


def _between_fields(schema: Object, definitions: Object) -> None:
    """What `cfscim.config.rules` checks between fields, as far as it can be said here."""
    _object(schema["properties"])["roles"] = {
        "description": _object(_object(schema["properties"])["roles"])["description"],
        "type": "object",
        "minProperties": 1,
        "properties": {
            role.value: {"$ref": "#/$defs/RoleConfig", "description": f"Who has the role {role}."}
            for role in ROLES
        },
        "additionalProperties": False,
    }
    schema |= _when(
        {"roleModel": {"const": "virtualGroups"}},
        {"groupPrefix": {"const": ""}},
    ) | {"required": ["account", "roleModel", "identityProvider"]}
    del _object(_object(_object(definitions["TokenConfig"])["properties"])["name"])["default"]
    definitions["EntraConfig"] = _object(definitions["EntraConfig"]) | _unless(
        {"scope": {"const": "filtered"}},
        {"userFilter": {"maxItems": 0}},
    )
    usual = _object(_object(_object(definitions["UsersGroup"])["properties"])["name"])
    usual["not"] = {"enum": [role.value for role in ROLES]}
    definitions["UserFilter"] = _object(definitions["UserFilter"]) | {
        "allOf": [
            _when({"operator": {"enum": list(UNARY)}}, {"value": {"const": ""}})
            | {"else": {"required": ["value"], "properties": {"value": {"minLength": 1}}}},
            _when({"operator": {"enum": list(INTEGER)}}, {"value": {"pattern": "^[0-9]+$"}}),
        ]
    }


def _when(given: Object, then: Object) -> Object:
    return {
        "if": {"required": list(given), "properties": given},
        "then": {"properties": then},
    }


def _unless(given: Object, then: Object) -> Object:
    return {
        "if": {"required": list(given), "properties": given},
        "else": {"properties": then},
    }


_PROVIDER = "identityProvider"
_FORMS = {"boolean": "`true`, `false`", "integer": "whole number", "object": "by exact name"}
Schema = dict[str, Any]
Row = tuple[str, str, str, str]


def tables() -> str:
    """Markdown: a heading and a table for the object itself and for each identity provider."""
    schema: Schema = json.loads(json.dumps(config_schema()))
    known: Schema = schema["$defs"]
    parts = (
        ("Account, token, roles", schema, ""),
        (PROVIDERS_IN_FULL["okta"], known["OktaConfig"], _PROVIDER),
        (PROVIDERS_IN_FULL["entra"], known["EntraConfig"], _PROVIDER),
    )
    return "\n".join(_table(title, list(_rows(part, known, path))) for title, part, path in parts)


def switches() -> str:
    """Markdown: Okta's switches in the console, on which page each is and how it has to stand."""
    rows = [
        f"| **{page}** | **{switch.title}** | {switch.wanted} "
        f"| {'yes' if switch.listed else 'no: Okta has no API for it'} |"
        for page in Page
        for switch in okta_switches.SWITCHES
        if switch.page is page
    ]
    head = ["| page | switch | has to be | read back |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def published(text: str) -> str:
    """The text of a page with every part anew that stands between a part's two lines.

    Raises `UsageError` for a page without any.
    """
    whole = text
    for name, rendered in (("keys", tables), ("switches", switches)):
        begin, end = f"<!-- {name}: `make published` -->\n", f"<!-- end of {name} -->\n"
        if begin in text and end in text:
            before, rest = whole.split(begin)
            whole = f"{before}{begin}\n{rendered()}\n{end}{rest.split(end)[1]}"
    if "`make published` -->" not in text:
        raise UsageError("page", "nothing in it is made from the config")
    return whole


def update(page: str) -> int:
    """Writes a page anew; the exit code is 0. Raises `UsageError` where nothing in it is made."""
    path = Path(page)
    path.write_text(published(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _table(title: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", "| key | values | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _rows(part: Schema, known: Schema, path: str) -> Iterator[Row]:
    required = part.get("required", ())
    for name, field in part["properties"].items():
        here = f"{path}.{name}" if path else name
        if here == _PROVIDER:  # its kinds have tables of their own
            continue
        if "$ref" in field:
            yield from _rows(_named(field, known), known, here)
            continue
        default = "required" if name in required else _default(field)
        yield f"`{here}`", _values(field), default, _meaning(field)
        if "properties" in field:
            inner, below = next(iter(field["properties"].values())), f"{here}.<role>"
            yield from _rows(_named(inner, known), known, below)
        elif "$ref" in field.get("items", {}):
            yield from _rows(_named(field["items"], known), known, f"{here}[]")


def _named(field: Schema, known: Schema) -> Schema:
    return known[field["$ref"].rpartition("/")[2]]


def _values(field: Schema) -> str:
    if "anyOf" in field:
        outer = {key: value for key, value in field.items() if key != "anyOf"}
        return ", ".join(_values({**outer, **kind}) for kind in field["anyOf"])
    if words := field.get("enum") or ([field["const"]] if "const" in field else []):
        return ", ".join(f"`{word}`" for word in words)
    if field.get("type") == "array":
        inner = "entries" if "$ref" in field["items"] else "e-mail addresses"
        example = field.get("examples", [[]])[0]
        return f"list, such as `{json.dumps(example)}`" if example else f"list of {inner}"
    if form := {"null": "`null`", **_FORMS}.get(field.get("type", "")):
        return form
    return f"text, such as `{field['examples'][0]}`" if field.get("examples") else "text"


def _default(field: Schema) -> str:
    default = field.get("default")
    if isinstance(default, str):
        return f'`"{default}"`' if default in ("", "1") else f"`{default}`"
    return f"`{json.dumps(default)}`" if default is not None else "none"


def _meaning(field: Schema) -> str:
    page = field.get("$comment")
    text = field["description"].replace("|", "\\|").replace("<", "\\<")
    return text + (f" See [{page}]({page})." if page else "")
