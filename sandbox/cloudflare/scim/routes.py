"""All SCIM routes; importing this module registers them."""

from sandbox.cloudflare.scim import discovery, groups, users  # noqa: F401  imported for routes
from sandbox.cloudflare.scim.reply import router

__all__ = ["router"]
