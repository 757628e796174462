"""Okta's management API; where in it everything is."""

APPS = "/api/v1/apps"
GROUPS = "/api/v1/groups"
USERS = "/api/v1/users"
POLICIES = "/api/v1/policies"

READ_PEOPLE = "okta.users.read"
SCOPES = ("okta.apps.read", "okta.groups.read", READ_PEOPLE)
"""Asked for where no scopes are set: what reading needs."""
