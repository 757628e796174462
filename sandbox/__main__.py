"""``python -m sandbox [--state-dir DIR] [--port N]``: serve until told to stop.

``python -m sandbox replay PLACE``: hold the sandbox against recorded traffic instead.
"""

import argparse
import json
import shlex
import shutil
import signal
import sys
import threading
from pathlib import Path

try:
    from sandbox import tenant
    from sandbox.replay import load
    from sandbox.server.persistence import StateError
    from sandbox.server.server import PortError, Sandbox
    from sandbox.server.tls import AuthorityError
except ModuleNotFoundError as missing:
    program = shlex.quote(str(Path(__file__).resolve().parents[1]))
    print(
        f"sandbox: {missing.name} is not installed for this Python ({sys.executable}); nothing can "
        f"be tried out without it; run make -C {program} sandbox, and then this by "
        f"{program}/.venv/bin/python",
        file=sys.stderr,
    )
    sys.exit(3)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _replay(arguments: list[str]) -> int:
    """Print the figures and every difference; 0 without one, 1 with some, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m sandbox replay")
    parser.add_argument("place", type=Path, help="a folder, or a .jsonl or .jsonl.gz file")
    place = parser.parse_args(arguments).place
    try:
        exchanges = load(place)
    except (OSError, ValueError) as error:
        unread = (
            f"{place}: it cannot be read ({error.strerror})"
            if isinstance(error, OSError)
            else error
        )
        print(
            f"replay: {unread}; nothing was compared; name a recording that --record made, or a "
            "folder of them",
            file=sys.stderr,
        )
        return 2
    with Sandbox() as sandbox:  # what the vendors ask each other goes over real HTTP
        figures = tenant.run(sandbox.world, exchanges)
    if not figures.exchanges:
        print(
            f"replay: {place}: no exchange of a call that is compared; nothing was; name a "
            "recording that --record made, or a folder of them",
            file=sys.stderr,
        )
        print(*figures.lines(), sep="\n")
        return 2
    print(*figures.lines(), *figures.differences, sep="\n")
    return 1 if figures.differences else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Cloudflare, Okta and Microsoft Graph on loopback."
    )
    parser.add_argument("--state-dir", type=Path, help="keep the content here across restarts")
    parser.add_argument("--port", type=_port, default=0, help="HTTP port; 0 (default): a free one")
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="end when standard input ends without the line `keep`",
    )
    parser.add_argument(
        "--temporary",
        action="store_true",
        help="with --with-parent: remove the state's folder when that end comes",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Print the ready line and serve until SIGTERM or SIGINT. Returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["replay"]:
        return _replay(given[1:])
    options = _options(given)
    try:
        sandbox = Sandbox(options.state_dir, options.port)
    except (PortError, StateError, AuthorityError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"{options.state_dir}: {error.strerror}: not usable; name another --state-dir",
            file=sys.stderr,
        )
        return 1
    stopping, orphaned = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if options.with_parent:
        threading.Thread(target=_watch, args=(stopping, orphaned), daemon=True).start()
    with sandbox:
        print(json.dumps({"env": sandbox.env, "admin": sandbox.origin}), flush=True)
        stopping.wait()
    if orphaned.is_set() and options.temporary:
        # It holds the key of an authority that somebody may have come to trust.
        shutil.rmtree(options.state_dir, ignore_errors=True)
    return 0


def _watch(stopping: threading.Event, orphaned: threading.Event) -> None:
    """Stop once standard input is at its end, as it is when whoever started us was killed."""
    if sys.stdin.readline().strip() != "keep":
        orphaned.set()
        stopping.set()


if __name__ == "__main__":
    raise SystemExit(main())
