"""Cloudflare's dashboard SCIM 2.0 endpoint, ``/accounts/{id}/scim/v2``.

Built on scim2-models (schemas, resources, errors, lists). scim2-server 0.8.3 was looked at and not
used: its service is a complete RFC 7644 server, and Cloudflare's endpoint is not one. It would
have to be overridden in nearly every step: no DELETE of users, ``active: false`` ends the
membership, one filter for each resource, profile changes accepted and ignored, ``groups`` of a user
as plain strings, lists of groups without members, no PUT of groups, groups that are half Cloudflare
objects with their own locks, and Entra's "False" and unknown attributes taken without complaint.

Sources: Cloudflare's OpenAPI (tags SCIM Users, SCIM Groups, SCIM Discovery) and the SCIM pages of
its documentation; where both differ, the documentation wins.
Strength: D throughout; what a refusal says is I. No recording of this endpoint is public.
"""
