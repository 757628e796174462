"""Whoever wants every vendor's lock never stops a cycle, which calls Cloudflare with its own."""

import threading

from sandbox.server.server import Sandbox


def test_cloudflare_answers_a_cycle_while_somebody_waits_for_all_locks(sandbox: Sandbox) -> None:
    world, reached = sandbox.world, threading.Event()

    def save() -> None:
        with world.locked("cloudflare", "okta", "entra"):
            reached.set()

    def call_cloudflare() -> None:
        with world.locked("cloudflare"):
            answered.set()

    answered = threading.Event()
    for provider in ("okta", "entra"):
        reached.clear()
        answered.clear()
        with world.locked(provider):  # a cycle
            saver = threading.Thread(target=save, daemon=True)
            saver.start()
            saver.join(timeout=0.2)
            threading.Thread(target=call_cloudflare, daemon=True).start()
            assert answered.wait(timeout=2)
            assert not reached.is_set()
        assert reached.wait(timeout=2)
