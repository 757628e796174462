"""Cloudflare's v4 API, a noun a file."""
