"""REST calls that no provider covers: HTTP, errors, signing in. No Pulumi."""
