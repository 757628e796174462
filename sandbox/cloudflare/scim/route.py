"""How a SCIM route is declared, what it is asked for, and how it answers.

Source: permission and content type D (SCIM pages); codes I.
"""

import json
import re
from collections.abc import Callable
from functools import cache, wraps

from pydantic import ValidationError
from scim2_models import Context as ScimContext
from scim2_models import Error, ListResponse, ResponseParameters, SCIMException
from scim2_models.base import BaseModel as ScimModel
from werkzeug import Response

from sandbox.cloudflare import API
from sandbox.cloudflare.api import audit
from sandbox.cloudflare.api.route import MEMBER_READ, admitted
from sandbox.cloudflare.errors import ApiError
from sandbox.cloudflare.scim.models import ScimGroup, ScimUser
from sandbox.server.router import BadBodyError, Context, Router
from sandbox.server.scim import MEDIA_TYPE

_MAX_RESULTS = 100
_PREFIX = f"{API}/accounts/<account_id>/scim/v2"

Handler = Callable[..., Response]
AnyResource = ScimUser | ScimGroup
_EQUALS = re.compile(r'\s*([A-Za-z.]+)\s+([A-Za-z]+)\s+("(?:[^"\\]|\\.)*")\s*')


def scim_reply(body: object, status: int = 200) -> Response:
    """An answer of the SCIM media type."""
    return Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)


def scim_error(status: int, detail: str, scim_type: str | None = None) -> Response:
    """The error envelope: schemas, status, detail, scimType."""
    return scim_reply(Error(status=status, detail=detail, scim_type=scim_type).model_dump(), status)


router = Router("cloudflare", scim_error)


def scim_route(method: str, path: str, *groups: str) -> Callable[[Handler], Handler]:
    """Declare a path below ``/scim/v2``; the handler gets (ctx, account, **values)."""
    needed = groups or MEMBER_READ

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(ctx: Context, account_id: str, **values: str) -> Response:
            try:
                account = admitted(ctx, account_id, needed)
                if not account.scim:
                    raise refuse(404, "SCIM is not enabled for this account")
                response = handler(ctx, account, **values)
            except ApiError as refusal:
                return scim_error(refusal.status, refusal.message, refusal.scim_type)
            except BadBodyError as problem:
                return scim_error(400, str(problem), "invalidSyntax")
            except SCIMException as problem:
                return scim_error(problem.status, problem.detail, problem.scim_type)
            if method != "GET":
                audit.record(ctx, account, response.status_code)
            return response

        router.route(method, _PREFIX + path)(checked)
        return handler

    return register


def refuse(status: int, detail: str, scim_type: str | None = None) -> ApiError:
    """An error to raise."""
    return ApiError(status, detail, scim_type=scim_type)


def the_last_one() -> ApiError:
    """400 for what would take the account's only Super Administrator out."""
    return refuse(400, "the only Super Administrator of the account is not deprovisioned")


def body_object(ctx: Context) -> dict[str, object]:
    """The request's JSON object, its keys' case as sent. Raises ApiError."""
    if not isinstance(ctx.body, dict):
        raise refuse(400, "Invalid SCIM request: the body must be an object", "invalidSyntax")
    return ctx.body


def single(ctx: Context, resource: AnyResource, status: int = 200) -> Response:
    """A single resource; ``attributes`` and ``excludedAttributes`` are honoured."""
    parameters = _parameters(ctx, type(resource))
    body = resource.model_dump(
        scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE,
        response_parameters=parameters,
    )
    return scim_reply(body, status)


def many(ctx: Context, model: type[AnyResource], resources: list) -> Response:
    """A page of a list; ``startIndex`` below 1 means 1, ``count`` below 0 means 0."""
    start = max(_number(ctx, "startIndex", 1), 1)
    count = min(max(_number(ctx, "count", _MAX_RESULTS), 0), _MAX_RESULTS)
    chosen = resources[start - 1 : start - 1 + count]
    listed: ScimModel = _page_of(model)(
        total_results=len(resources),
        start_index=start,
        items_per_page=len(chosen),
        resources=chosen,
    )
    parameters = _parameters(ctx, model)
    return scim_reply(
        listed.model_dump(
            scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE,
            response_parameters=parameters,
        )
    )


# pydantic forgets a parametrised class once nobody holds it, and builds it anew in 10 ms.
@cache
def _page_of(model: type[AnyResource]) -> type[ListResponse]:
    """The class of a page of a list of these resources."""
    return ListResponse[model]


@cache
def _asked_of(model: type[AnyResource]) -> type[ResponseParameters]:
    return ResponseParameters[model]


def _parameters(ctx: Context, model: type[AnyResource]) -> ResponseParameters:
    given = {
        name: ctx.request.args[name]
        for name in ("attributes", "excludedAttributes")
        if ctx.request.args.get(name)
    }
    if len(given) == 2:
        raise refuse(400, "attributes and excludedAttributes exclude each other", "invalidValue")
    try:
        return _asked_of(model).model_validate(given)
    except ValidationError as problem:
        raise refuse(400, f"unknown attribute in {next(iter(given))}", "invalidPath") from problem


def _number(ctx: Context, name: str, default: int) -> int:
    text = ctx.request.args.get(name)
    try:
        return int(text) if text else default
    except ValueError as problem:
        raise refuse(400, f"{name} must be a whole number", "invalidValue") from problem


def wanted_value(ctx: Context, attribute: str) -> str | None:
    """The value filtered for, or None without a filter. Raises ApiError 400 for other filters."""
    text = ctx.request.args.get("filter")
    if not text:
        return None
    match = _EQUALS.fullmatch(text)
    if match:
        name, operator, value = match.groups()
        # RFC 7644 3.4.2.2: attribute names and operators are case-insensitive.
        if name.lower() == attribute.lower() and operator.lower() == "eq":
            try:
                return str(json.loads(value))
            except ValueError:
                pass
    raise refuse(400, f'only the filter {attribute} eq "value" is supported', "invalidFilter")
