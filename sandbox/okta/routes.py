"""Okta's router: importing this module registers every route."""

from sandbox.okta.api import (  # noqa: F401  imported for their routes
    apps,
    assignments,
    connections,
    features,
    groups,
    log,
    oauth,
    policies,
    push,
    roles,
    saml,
    users,
)
from sandbox.okta.api.route import router

__all__ = ["router"]
