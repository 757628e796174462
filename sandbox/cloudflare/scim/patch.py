"""PATCH requests, read as tolerantly as Cloudflare reads Okta's and Entra's.

scim2-models' own PatchOp is too strict here: it refuses attributes outside the schema, which
Entra's default mappings send and Cloudflare takes without complaint.
Source: the operations that Okta sends R (recorded runs), those of Entra D; what is ignored I.
"""

from dataclasses import dataclass

from sandbox.cloudflare.scim.route import body_object, refuse
from sandbox.server.router import Context
from sandbox.server.scim import PATCH_OP

_OPS = ("add", "remove", "replace")


@dataclass(frozen=True)
class Operation:
    """One operation; ``op`` in lower case, ``path`` None when absent."""

    op: str
    path: str | None
    value: object

    def assignments(self) -> dict[str, object]:
        """What is assigned, by path; without a path the value is an object of attributes."""
        if self.path is not None:
            return {self.path: self.value}
        if not isinstance(self.value, dict):
            raise refuse(400, "without a path the value must be an object", "invalidValue")
        return {str(name): value for name, value in self.value.items()}


def read_operations(ctx: Context) -> list[Operation]:
    """The request's operations. Raises ApiError 400."""
    body = body_object(ctx)
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or PATCH_OP not in schemas:
        raise refuse(400, f"schemas must contain {PATCH_OP}", "invalidSyntax")
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise refuse(400, "Operations must be a list with at least one", "invalidSyntax")
    return [_operation(operation) for operation in operations]


def _operation(given: object) -> Operation:
    op = given.get("op") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(op, str) or op.lower() not in _OPS:
        raise refuse(400, f"op must be add, remove or replace, not {op!r}", "invalidSyntax")
    path = given.get("path")
    if not isinstance(path, str | None):
        raise refuse(400, "path must be a string", "invalidPath")
    if op.lower() == "remove" and not path:
        raise refuse(400, "remove needs a path", "noTarget")
    return Operation(op.lower(), path or None, given.get("value"))


def as_boolean(value: object) -> bool:
    """True or False; Entra without its flag sends them as strings. Raises ApiError 400."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise refuse(400, f"active must be true or false, not {value!r}", "invalidValue")
