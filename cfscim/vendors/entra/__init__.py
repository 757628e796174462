"""Microsoft Graph; where in it everything is."""

GROUPS = "/v1.0/groups"
USERS = "/v1.0/users"
APPLICATIONS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"

READ_APPLICATIONS = "Application.Read.All"
READ_USERS = "User.Read.All"
WRITE_JOBS = "Synchronization.ReadWrite.All"
"""Permissions by what they are for (Graph's permissions reference)."""
