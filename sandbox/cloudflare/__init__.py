"""Cloudflare's v4 API and dashboard SCIM endpoint, as far as this project calls them."""
