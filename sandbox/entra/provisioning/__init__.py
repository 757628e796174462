"""Entra's provisioning service: what it sends to the SCIM endpoint, to whom, and when."""
