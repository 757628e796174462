"""The router of Graph's paths: signed in, permitted, and errors in Graph's shape.

Source: permissions D (see permissions.py); a wordless 401 below `/synchronization/` P (docs-contrib
#8800).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from werkzeug import Response

from sandbox.entra.errors import bad_request, denied
from sandbox.entra.models import Entity
from sandbox.entra.permissions import granted
from sandbox.entra.signin import authenticate, router
from sandbox.server.router import Context, Handler, json_reply

_VERSIONS = ("/v1.0", "/beta")


def graph_route(
    method: str, path: str, *roles: str, also: tuple[str, ...] = ()
) -> Callable[[Handler], Handler]:
    """Register a handler below /v1.0 and /beta, for callers that hold one of ``roles``.

    ``also``: they must hold one of these besides. ``ctx.caller`` is the caller's object id.
    """

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(ctx: Context, **values: str) -> Response:
            ctx.caller, own = authenticate(ctx), ctx.state.roles
            allowed, only_owned = granted(own, roles)
            if not allowed or (also and not granted(own, also)[0]):
                raise denied(path)
            target = values.get("app_id") or values.get("sp_id")
            if only_owned and target and not _owns(ctx, target):
                raise denied(path)
            return handler(ctx, **values)

        for version in _VERSIONS:
            router.route(method, version + path)(guarded)
        return handler

    return register


def _owns(ctx: Context, object_id: str) -> bool:
    entity = ctx.state.find(object_id)
    return entity is None or ctx.caller in (*entity.owners, entity.id)


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
