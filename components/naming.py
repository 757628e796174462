"""Logical resource names: short, stable, and free of anything that a config change could alter."""

from cfscim.config.names import SLUGS
from cfscim.config.roles import Role


def role_resource(prefix: str, role: Role) -> str:
    """The logical name of a role's resource, as in `push-group-billing`.

    It holds no account id and no group prefix, so that a changed prefix shows as a refused
    replacement of the same resource and never as a silent delete and create.
    """
    return f"{prefix}-{SLUGS[role]}"
