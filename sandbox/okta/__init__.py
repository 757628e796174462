"""Okta on loopback: its Management API, its console's one hand-made step, its cycle."""
