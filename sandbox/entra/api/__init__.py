"""Microsoft Graph, as far as the program, the provider and the official clients call it."""

from sandbox.entra.api import applications, directory, groups, synchronization
from sandbox.entra.api.graph import router

HANDLER_MODULES = (applications, directory, groups, synchronization)

__all__ = ["HANDLER_MODULES", "router"]
