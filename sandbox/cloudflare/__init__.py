"""Cloudflare's v4 API and dashboard SCIM endpoint, as far as this project calls them."""

API = "/client/v4"
"""Where everything of Cloudflare's is."""
