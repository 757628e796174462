"""ServiceProviderConfig, ResourceTypes and Schemas.

Source: D (OpenAPI, SCIM Discovery); RFC 7644 4 for what is not described.
"""

from collections.abc import Sequence

from scim2_models import Context as ScimContext
from scim2_models import (
    ListResponse,
    Meta,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
)
from werkzeug import Response

from sandbox.cloudflare.models import Account
from sandbox.cloudflare.scim.models import ScimGroup, ScimUser
from sandbox.cloudflare.scim.route import refuse, scim_reply, scim_route
from sandbox.server.router import Context

_DOCUMENTATION = (
    "https://developers.cloudflare.com/fundamentals/account/account-security/scim-setup/"
)
_MAX_RESULTS = 100


def _base(ctx: Context, account: Account) -> str:
    return f"{ctx.request.host_url}client/v4/accounts/{account.id}/scim/v2"


def _dump(resource: Resource) -> dict[str, object]:
    return resource.model_dump(scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE)


@scim_route("GET", "/ServiceProviderConfig")
def service_provider_config(ctx: Context, account: Account) -> Response:
    """PATCH and two filters; no bulk, sort, etag or passwords (D: API description, RFC 7644 4)."""
    off = {"supported": False}
    config = ServiceProviderConfig.model_validate(
        {
            "documentationUri": _DOCUMENTATION,
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": _MAX_RESULTS},
            "changePassword": off,
            "sort": off,
            "etag": off,
            "authenticationSchemes": [
                {
                    "name": "API token",
                    "description": "A Cloudflare API token as OAuth bearer token.",
                    "type": "oauthbearertoken",
                    "primary": True,
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{_base(ctx, account)}/ServiceProviderConfig",
            },
        }
    )
    return scim_reply(_dump(config))


def _resource_types(ctx: Context, account: Account) -> list[ResourceType]:
    types = []
    for name, model, about in (
        ("User", ScimUser, "A member of the account."),
        ("Group", ScimGroup, "A user group."),
    ):
        types.append(
            ResourceType.model_validate(
                {
                    "id": name,
                    "name": name,
                    "description": about,
                    "endpoint": f"/{name}s",
                    "schema": str(model.__schema__),
                    "meta": {
                        "resourceType": "ResourceType",
                        "location": f"{_base(ctx, account)}/ResourceTypes/{name}",
                    },
                }
            )
        )
    return types


def _schemas(ctx: Context, account: Account) -> list[Schema]:
    schemas = []
    for name, model in (("User", ScimUser), ("Group", ScimGroup)):
        schema = model.to_schema()
        schema.name = name
        schema.meta = Meta(
            resource_type="Schema", location=f"{_base(ctx, account)}/Schemas/{schema.id}"
        )
        schemas.append(schema)
    return schemas


def _listed(resources: list) -> Response:
    listed = ListResponse[type(resources[0])](
        total_results=len(resources),
        start_index=1,
        items_per_page=len(resources),
        resources=resources,
    )
    return scim_reply(listed.model_dump(scim_ctx=ScimContext.RESOURCE_QUERY_RESPONSE))


def _named(resources: Sequence[Resource], id_: str) -> Response:
    for resource in resources:
        if resource.id == id_:
            return scim_reply(_dump(resource))
    raise refuse(404, f"Resource {id_} not found")


def _unfiltered(ctx: Context) -> None:
    # RFC 7644 4: a filter on these three endpoints is refused with 403.
    if ctx.request.args.get("filter"):
        raise refuse(403, "this endpoint has no filter")


@scim_route("GET", "/ResourceTypes")
def list_resource_types(ctx: Context, account: Account) -> Response:
    """User and Group (D: API description, RFC 7644 4)."""
    _unfiltered(ctx)
    return _listed(_resource_types(ctx, account))


@scim_route("GET", "/ResourceTypes/<name>")
def get_resource_type(ctx: Context, account: Account, name: str) -> Response:
    """One of them (D: API description, RFC 7644 4)."""
    return _named(_resource_types(ctx, account), name)


@scim_route("GET", "/Schemas")
def list_schemas(ctx: Context, account: Account) -> Response:
    """The schemas of User and Group (D: API description, RFC 7644 4)."""
    _unfiltered(ctx)
    return _listed(_schemas(ctx, account))


@scim_route("GET", "/Schemas/<urn>")
def get_schema(ctx: Context, account: Account, urn: str) -> Response:
    """One of them, by URN (D: API description, RFC 7644 4)."""
    return _named(_schemas(ctx, account), urn)
