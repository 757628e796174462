"""Whoever waits for all vendors never stands in the way of one that calls another over HTTP."""

import threading

import httpx
import pytest

from sandbox.core.server import Sandbox
from sandbox.core.world import VENDORS


@pytest.mark.parametrize("caller", ["okta", "entra"])
def test_a_vendor_reaches_cloudflare_while_somebody_waits_for_all(
    caller: str, sandbox: Sandbox
) -> None:
    world = sandbox.world
    waiting = threading.Event()

    def everything() -> None:
        waiting.set()
        with world.locked(*VENDORS):
            pass

    headers = {"Authorization": f"Bearer {sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    with world.locked(caller):
        saver = threading.Thread(target=everything)
        saver.start()
        waiting.wait(5)
        saver.join(0.2)
        url = f"{sandbox.env['CLOUDFLARE_BASE_URL']}/user"
        assert httpx.get(url, headers=headers, timeout=5, trust_env=False).is_success
    saver.join(5)
    assert not saver.is_alive()
