"""A file that holds a credential is read in time, whatever kind of file it is."""

import os
import threading
import time
from pathlib import Path

import pytest

from cfscim.vendors import settings
from cfscim.vendors.settings import read_credential


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 200_000)
    assert read_credential(str(tmp_path / "key")) == b"k" * 200_000


def test_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            for part in (b"one ", b"two"):
                time.sleep(0.01)
                file.write(part)

    held = os.open(pipe, os.O_RDWR)
    writer = threading.Thread(target=write)
    writer.start()
    threading.Timer(0.2, os.close, (held,)).start()
    assert read_credential(str(pipe)) == b"one two"
    writer.join()


def test_a_pipe_into_which_nobody_writes_is_given_up(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "_SECONDS", 0.05)
    with pytest.raises(OSError, match="timed out"):
        read_credential(str(pipe))


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(OSError, match="too large"):
        read_credential("/dev/zero")
