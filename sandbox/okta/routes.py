"""Okta's router, with every route registered by importing the modules that hold them."""

from sandbox.okta.api import (
    apps,
    assignments,
    connections,
    features,
    groups,
    log,
    oauth,
    policies,
    push,
    saml,
    users,
)
from sandbox.okta.api.route import router

__all__ = [
    "apps",
    "assignments",
    "connections",
    "features",
    "groups",
    "log",
    "oauth",
    "policies",
    "push",
    "router",
    "saml",
    "users",
]
