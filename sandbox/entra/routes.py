"""Microsoft Graph's router: importing this module registers every route."""

from sandbox.entra.api import (  # noqa: F401  imported for their routes
    applications,
    directory,
    groups,
    synchronization,
)
from sandbox.entra.api.graph import router

__all__ = ["router"]
