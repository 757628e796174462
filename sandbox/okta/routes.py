"""Okta's router, with every route registered by importing the modules that hold them."""

from sandbox.okta import (
    apps,
    assignments,
    connections,
    features,
    groups,
    log,
    policies,
    push,
    saml,
    service_app,
    users,
)  # fmt: skip
from sandbox.okta.api import router

__all__ = [
    "apps", "assignments", "connections", "features", "groups", "log", "policies", "push",
    "router", "saml", "service_app", "users",
]  # fmt: skip
