"""All of Entra's routes: importing this module registers every handler on ``router``."""

from sandbox.entra import (
    applications,
    assignments,
    directory,
    groups,
    jobs,
    login,
    logs,
    managed_identity,
    principals,
    secrets,
    users,
)
from sandbox.entra.graph import router

HANDLER_MODULES = (
    applications, assignments, directory, groups, jobs, login, logs, managed_identity, principals,
    secrets, users,
)  # fmt: skip

__all__ = ["HANDLER_MODULES", "router"]
