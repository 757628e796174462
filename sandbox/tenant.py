"""Replays recordings of all three vendors, each on a sandbox whose past its own answers restore."""

from collections.abc import Iterable, Sequence

from werkzeug.test import Client

from sandbox.cloudflare import recorded as cloudflare
from sandbox.entra import recorded as entra
from sandbox.okta import recorded as okta
from sandbox.replay import (
    OWN_SOURCE,
    Exchange,
    Figures,
    Ids,
    Vendor,
    as_far_as_shown,
    compare,
    recordings,
    send,
)
from sandbox.server.app import App
from sandbox.server.world import World

_BY_HOST: dict[str, Vendor] = {
    "cloudflare": cloudflare,
    "microsoft": entra,
    "azure": entra,
}


def vendor_of(exchange: Exchange) -> Vendor:
    """Who answered, by the recorded host's first word; Okta where it is none of the others."""
    return _BY_HOST.get(exchange.host.partition("-")[0], okta)


def replay(world: World, recording: Sequence[Exchange], figures: Figures) -> None:
    """Replay one recording on a fresh sandbox, and count how its answers compare."""
    world.reset()
    ids = Ids()
    for vendor in (cloudflare, entra, okta):
        with as_far_as_shown():
            vendor.build(world, [each for each in recording if vendor_of(each) is vendor], ids)
    client = Client(App(world), use_cookies=False)
    for exchange in recording:
        vendor = vendor_of(exchange)
        own = exchange.source == OWN_SOURCE
        call = vendor.call_of(exchange)
        if call is None or not (own or App.serves(exchange.method, exchange.path)):
            figures.leave_out(exchange)
            continue
        answer = send(client, world, vendor, exchange, ids)
        if answer.status == exchange.status:
            ids.learn(exchange.response, answer.body)
            if exchange.next_page and answer.next_page:
                ids.known[exchange.next_page] = answer.next_page
        # What the program recorded is of today: nothing of it is put down to a vendor's past.
        accepted = [each for each in vendor.ACCEPTED if each.today or not own]
        compare(figures, call, exchange, answer, accepted)


def run(world: World, exchanges: Iterable[Exchange]) -> Figures:
    """Replay every recording among the exchanges."""
    figures = Figures()
    for recording in recordings(exchanges):
        replay(world, recording, figures)
    return figures
