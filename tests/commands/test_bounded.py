"""Every command that asks a vendor ends within its time, however slowly the vendors answer."""

import os
import re
import time
from pathlib import Path

import pytest

from cfscim.vendors import limits
from sandbox.server.server import Sandbox
from tests.commands.commands_support import asking, at_port, called, stack
from tests.vendors.test_http_bounds import server, silent, slow_body, slow_header

LIMIT = 0.2
GIVEN_UP = re.compile("in time|took too long|not reached within the time|does not answer")


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("behave", [silent, slow_header, slow_body])
def test_a_command_ends_in_time_and_says_so(
    kind: str,
    behave,
    sandbox_server: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "WHOLE_RUN", LIMIT)
    stack(tmp_path, kind, {}, "cfat_0000000000000000000000000000000000000000")
    with server(behave) as port:
        for name, value in at_port(sandbox_server.env, port).items():
            monkeypatch.setitem(os.environ, name, value)
        for words in filter(lambda words: "json" not in words.split(), asking(kind)):
            begun = time.monotonic()
            code = called(words, monkeypatch)
            taken = time.monotonic() - begun
            said = capsys.readouterr()
            assert code == 3, (words, said)
            assert GIVEN_UP.search(said.out + said.err), (words, said)
            assert taken < LIMIT + 5, (words, taken)


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_vendor_that_cannot_be_reached_is_one_line(
    kind: str,
    sandbox_server: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "_PATIENCE", 0.1)
    stack(tmp_path, kind, {}, "cfat_0000000000000000000000000000000000000000")
    for name, value in at_port(sandbox_server.env, 1).items():
        monkeypatch.setitem(os.environ, name, value)
    for words in filter(lambda words: "json" not in words.split(), asking(kind)):
        begun = time.monotonic()
        assert called(words, monkeypatch) == 3, words
        taken = time.monotonic() - begun
        said = capsys.readouterr()
        lines = [line for line in (said.out + said.err).splitlines() if "does not answer" in line]
        assert 1 <= len(lines) <= 2, (words, lines)
        assert taken < 4, (words, taken)
