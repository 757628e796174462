"""`schema`: JSON Schema (2020-12) of the config object, and of a whole stack file for editors.

Made from the models; rules between fields are added here as far as a schema can say them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cfscim.config.facts import UNARY
from cfscim.config.messages import CONFIG_KEY
from cfscim.config.models import ScimConfig
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
