"""Everything the sandbox holds: three vendors' states, one lock for each, log, addresses.

What the core expects of a vendor's package ``sandbox/<vendor>/``:

``models.py``
    ``CloudflareState`` | ``OktaState`` | ``EntraState``, a mutable pydantic model with the
    classmethod ``fresh()``, the method ``snapshot() -> dict`` (no secret in it), and, for the
    identity providers, ``add_person(person: Person) -> str`` (the id; the same address again
    changes nothing). All of it survives a JSON round trip.
``routes.py``
    ``router: Router`` (Cloudflare: ``scim_router`` too); importing it registers every route.
``provisioning/cycle.py`` (identity providers)
    ``run_cycle(world, *, full) -> dict``, called with the vendor's lock held; ``full``: everything
    is delivered again, whatever the vendor believes the target to hold.
``provisioning/console.py`` (Okta)
    ``configure(world, app_id, settings) -> dict``, called with Okta's lock held; raises LookupError
    for an unknown app and ValueError (its text is shown) for settings the console would refuse.

A vendor tells ``world.log.hide(value)`` about every secret it issues.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import NamedTuple

from sandbox.cloudflare.models import CloudflareState
from sandbox.entra.models import EntraState
from sandbox.okta.models import OktaState
from sandbox.server.credentials import Credentials
from sandbox.server.faults import FaultBook
from sandbox.server.people import SEED_PEOPLE
from sandbox.server.request_log import RequestLog
from sandbox.server.router import VENDORS

# Cloudflare last: Okta and Entra call its SCIM endpoint over HTTP while they hold their own lock,
# so whoever waits for one of them must not hold Cloudflare's meanwhile.
_LOCK_ORDER = ("okta", "entra", "cloudflare")


class Stored(NamedTuple):
    """Three states read from a file."""

    cloudflare: CloudflareState
    okta: OktaState
    entra: EntraState

    @classmethod
    def fresh(cls) -> "Stored":
        """The states of a first start."""
        return cls(CloudflareState.fresh(), OktaState.fresh(), EntraState.fresh())


@dataclass
class World:
    """The sandbox's whole content. Its fields are replaced as a whole by ``reset``."""

    http_base: str = ""
    https_base: str = ""
    ca_file: str = ""
    credentials: Credentials = field(default_factory=Credentials.fresh)
    log: RequestLog = field(default_factory=RequestLog)
    faults: FaultBook = field(default_factory=FaultBook)
    stored: InitVar[Stored | None] = None  # when resumed from a file
    cloudflare: CloudflareState = field(init=False)
    okta: OktaState = field(init=False)
    entra: EntraState = field(init=False)

    def __post_init__(self, stored: Stored | None) -> None:
        self._locks = {vendor: threading.RLock() for vendor in VENDORS}
        self.changed = threading.Event()  # set by every write; the saver waits for it
        self.log.hide(*self.credentials.secrets())
        if stored is None:
            self._fill()
        else:
            self.cloudflare, self.okta, self.entra = stored
            for token in self.cloudflare.tokens.values():
                self.log.masker.hide_hash(token.value_sha256)

    def _fill(self) -> None:
        self.cloudflare, self.okta, self.entra = Stored.fresh()
        for person in SEED_PEOPLE:
            self.okta.add_person(person)
            self.entra.add_person(person)

    def state(self, vendor: str) -> CloudflareState | OktaState | EntraState:
        """The live state of a vendor."""
        return getattr(self, vendor)

    @contextmanager
    def locked(self, *vendors: str) -> Iterator[None]:
        """Hold the vendors' locks, always taken in the same order."""
        wanted = [self._locks[vendor] for vendor in _LOCK_ORDER if vendor in vendors]
        for lock in wanted:
            lock.acquire()
        try:
            yield
        finally:
            for lock in reversed(wanted):
                lock.release()

    def reset(self) -> None:
        """Back to the state of a first start; credentials and addresses stay."""
        with self.locked(*VENDORS):
            self._fill()
            self.log.clear()
        self.changed.set()
