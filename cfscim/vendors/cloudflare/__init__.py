"""Cloudflare's API and its SCIM endpoint."""
