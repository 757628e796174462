"""The router of Graph's paths: signed in, permitted, and errors in Graph's shape.

Source: permissions D (see permissions.py); a wordless 401 below `/synchronization/` P (docs-contrib
#8800).
"""

from collections.abc import Mapping, Sequence
from functools import wraps

from werkzeug import Response

from sandbox.entra.errors import GraphError, bad_request, denied
from sandbox.entra.models import Entity, EntraState
from sandbox.entra.permissions import granted
from sandbox.entra.signin import Caller, authenticate, router
from sandbox.server.router import Context, Handler, json_reply

_VERSIONS = ("/v1.0", "/beta")


def graph_route(method: str, path: str, *roles: str, also: tuple[str, ...] = ()) -> "_Register":
    """Register a handler below /v1.0 and /beta, for callers that hold one of ``roles``.

    ``also``: they must hold one of these besides.
    """
    return _Register(method, path, roles, also)


class _Register:
    """The decorator that graph_route returns."""

    def __init__(
        self, method: str, path: str, roles: tuple[str, ...], also: tuple[str, ...]
    ) -> None:
        self._method, self._path, self._roles, self._also = method, path, roles, also

    def __call__(self, handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(ctx: Context, **values: str) -> Response:
            try:
                self._check(ctx, values)
                return handler(ctx, **values)
            except GraphError as error:
                return error.response()

        for version in _VERSIONS:
            router.route(self._method, version + self._path)(guarded)
        return handler

    def _check(self, ctx: Context, values: dict[str, str]) -> None:
        caller = authenticate(ctx)
        ctx.values["caller"] = caller
        allowed, only_owned = granted(ctx.state.roles, self._roles)
        if not allowed or (self._also and not granted(ctx.state.roles, self._also)[0]):
            raise denied(self._path)
        target = values.get("app_id") or values.get("sp_id")
        if only_owned and target and not _owns(ctx.state, caller, target):
            raise denied(self._path)


def _owns(state: EntraState, caller: Caller, object_id: str) -> bool:
    entity = state.find(object_id)
    return entity is None or caller.object_id in (*entity.owners, entity.id)


def caller_of(ctx: Context) -> Caller:
    """Who makes this request."""
    caller = ctx.values["caller"]
    assert isinstance(caller, Caller)
    return caller


def body_object(ctx: Context) -> dict[str, object]:
    """The request's JSON object. Raises GraphError 400 for anything else."""
    if not isinstance(ctx.body, dict):
        raise bad_request("A JSON object is expected in the request body.", "BadRequest")
    return ctx.body


USER_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What v1.0 tells of a person without $select, in lists of members too (R)."""
_ASKED_FOR = frozenset({"oauth2RequirePostResponse", "writebackConfiguration"})
"""What v1.0 tells with $select alone (R: no group and no application of azure-cli shows them)."""


def created_reply(ctx: Context, context: str, entity: Entity) -> Response:
    """201 with a new entity, as Graph tells of it unasked."""
    shown = ordinary(ctx, entity.properties, USER_PROPERTIES if entity.kind == "user" else ())
    return json_reply({**context_line(ctx, context), **shown}, 201)


def ordinary(
    ctx: Context, item: Mapping[str, object], default: Sequence[str] = ()
) -> dict[str, object]:
    """What is told of an object without $select; beta tells everything."""
    if is_beta(ctx):
        return {**item}
    if item.get("@odata.type") == "#microsoft.graph.user":
        default = USER_PROPERTIES
    if not default:
        return {key: value for key, value in item.items() if key not in _ASKED_FOR}
    annotations = {key: value for key, value in item.items() if "@odata" in key}
    return {**annotations, **{name: item.get(name) for name in default}}


def context_line(ctx: Context, context: str) -> dict[str, object]:
    """The ``@odata.context`` of an answer."""
    version = "beta" if is_beta(ctx) else "v1.0"
    return {"@odata.context": f"{ctx.world.http_base}/{version}/$metadata#{context}"}


def is_beta(ctx: Context) -> bool:
    """Was /beta asked?"""
    return ctx.request.path.startswith("/beta/")


def no_content() -> Response:
    """204."""
    return Response(status=204)
