"""Cloudflare's two routers: importing this module registers every route of both."""

from sandbox.cloudflare.api import (  # noqa: F401  imported for their routes
    accounts,
    iam,
    members,
    tokens,
    user_groups,
)
from sandbox.cloudflare.api.route import router
from sandbox.cloudflare.scim import discovery, groups, users  # noqa: F401  imported for routes
from sandbox.cloudflare.scim.route import router as scim_router

__all__ = ["router", "scim_router"]
