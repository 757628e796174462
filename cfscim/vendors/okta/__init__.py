"""Okta's management API; where in it everything is."""

from cfscim.config.calls import OKTA_APPS as APPS
from cfscim.config.calls import OKTA_GROUPS as GROUPS
from cfscim.config.calls import OKTA_PAGE as PAGE
from cfscim.config.calls import OKTA_USERS as USERS

__all__ = [
    "APPS",
    "GROUPS",
    "NOT_GRANTED",
    "PAGE",
    "POLICIES",
    "READ_APPS",
    "READ_GROUPS",
    "READ_PEOPLE",
    "READ_ROLES",
    "SCOPES",
    "USERS",
]

POLICIES = "/api/v1/policies"

READ_APPS = "okta.apps.read"
READ_GROUPS = "okta.groups.read"
READ_PEOPLE = "okta.users.read"
READ_ROLES = "okta.roles.read"
NOT_GRANTED = ("invalid_scope", "consent_required", "access_denied")
"""What the sign-in says of a scope that the service app was not granted."""
SCOPES = (READ_APPS, READ_GROUPS, READ_PEOPLE)
"""Asked for where no scopes are set: what reading needs."""
