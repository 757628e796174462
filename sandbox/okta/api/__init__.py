"""Okta's Management API, a noun a file."""
