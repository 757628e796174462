"""Cloudflare, Okta and Microsoft Graph on loopback, with a real SCIM 2.0 endpoint.

Imports nothing of this project, so that it cannot share the project's mistakes.
"""
