"""The vendors' states and routers, imported tolerantly until all three are written."""

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from sandbox.core.people import Person
from sandbox.core.router import Router, json_reply

VENDORS = ("cloudflare", "okta", "entra")


class EmptyState(BaseModel):
    """Stands in for a vendor that is not written yet."""

    @classmethod
    def fresh(cls) -> "EmptyState":
        return cls()

    def snapshot(self) -> dict[str, object]:
        return {}

    def add_person(self, person: Person) -> str:
        return person.email


def state_class(vendor: str) -> Any:
    """The vendor's state class (``CloudflareState``, ``OktaState``, ``EntraState``)."""
    try:
        return getattr(import_module(f"sandbox.{vendor}.state"), f"{vendor.capitalize()}State")
    except ModuleNotFoundError:
        return EmptyState


def router(vendor: str) -> Router:
    """The vendor's ``routes.router``."""
    try:
        return import_module(f"sandbox.{vendor}.routes").router
    except ModuleNotFoundError:
        return Router(vendor, lambda status, message: json_reply({"error": message}, status))


def scim_router() -> Router:
    """Cloudflare's SCIM endpoint, which has its own shape of errors."""
    try:
        return import_module("sandbox.cloudflare.scim.routes").router
    except ModuleNotFoundError:
        return router("cloudflare")


def run_cycle(vendor: str, world: Any) -> dict[str, object]:
    """The vendor's ``cycle.run_cycle(world)``."""
    try:
        return import_module(f"sandbox.{vendor}.cycle").run_cycle(world)
    except ModuleNotFoundError:
        return {}


def configure_okta_app(world: Any, app_id: str, settings: dict[str, object]) -> dict[str, object]:
    """``sandbox.okta.console.configure(world, app_id, settings)``."""
    return import_module("sandbox.okta.console").configure(world, app_id, settings)
