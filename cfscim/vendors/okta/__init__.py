"""Okta's management API."""
