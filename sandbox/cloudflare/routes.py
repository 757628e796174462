"""All v4 routes of Cloudflare; importing this module registers them."""

from sandbox.cloudflare import (  # noqa: F401  imported for their routes
    accounts,
    iam,
    members,
    token_groups,
    tokens,
    user_groups,
    verify,
)
from sandbox.cloudflare.api import router

__all__ = ["router"]
