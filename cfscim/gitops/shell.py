"""Commands that are started from here, and the one way in which a job of a pipeline stops."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator

from cfscim import processes
from cfscim.config.credentials import without_credentials
from cfscim.config.json_types import Json, JsonObject, objects
from cfscim.vendors.secrets import mask

Ask = Callable[[str], Json]
"""Asks GitHub's REST API for a path -> its answer, or nothing where there is no such thing."""


class Stop(Exception):
    """The job ends here, with one line for whoever reads its log."""


def run(
    *command: str, env: dict[str, str] | None = None, work: bool = False
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; its failure is the caller's to judge, its errors are masked.

    `work`: it plans, verifies or refreshes, and is no question to git, GitHub or the engine.
    """
    seconds = processes.WORK_SECONDS if work else processes.ASK_SECONDS
    try:
        done = processes.run_text(command, seconds=seconds, env=env)
        done.stderr = masked(done.stderr)
        return done
    except subprocess.TimeoutExpired:
        raise Stop(
            f"{command[0]}: did not end within {seconds:g} s; what it had to say is missing; run "
            "the job again"
        ) from None
    except FileNotFoundError:
        raise Stop(
            f"{command[0]}: not found; this job cannot go on without it; install it on the runner"
        ) from None


def masked(text: str) -> str:
    """What a command printed, as it may stand in a log that others read."""
    known = (value for name, value in os.environ.items() if _SECRET.search(name))
    return without_credentials(mask(text, known))


_SECRET = re.compile(r"TOKEN|KEY|SECRET|PASSW|PASSPHRASE", re.IGNORECASE)


GIT = ("git", "--no-pager", "--no-replace-objects", "-c", "core.quotePath=false")
"""How git is started: it gives what a commit holds, and no object that was put in its place."""


class Settings(dict[str, str]):
    """What a pipeline hands to a step in its environment; raises `Stop` for what it did not."""

    def __missing__(self, name: str) -> str:
        raise Stop(
            f"{name} is not set; this step reads it from its environment; call it as the actions "
            "of .github/actions do"
        )


def settings() -> Settings:
    """The environment of this step."""
    return Settings(os.environ)


def parsed(text: str, what: str) -> Json:
    """JSON that another step made; `what` names it. Raises `Stop` where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        raise Stop(
            f"{what}: {text[:40]!r} is no JSON; give what the step before it wrote"
        ) from None


def git(*arguments: str) -> str:
    """What a git command prints; raises `Stop` when it fails."""
    done = run(*GIT, *arguments)
    if done.returncode:
        raise Stop(f"git {arguments[0]}: {_last(done.stderr)}; check out with fetch-depth: 0")
    return done.stdout


def is_ancestor(older: str, newer: str) -> bool:
    """Whether a revision is the other, or came before it; not where one of them is not here."""
    return run(*GIT, "merge-base", "--is-ancestor", older, newer).returncode == 0


def github(path: str) -> Json:
    """Asks GitHub by `gh api`; raises `Stop` when the answer is no answer."""
    done = run("gh", "api", path)
    if done.returncode == 0:
        return json.loads(done.stdout or "null")
    if "HTTP 404" in done.stderr:
        return None
    raise Stop(f"GitHub, {path.split('?')[0]}: {_last(done.stderr)}; run the job again")


def write(method: str, path: str, *fields: str) -> None:
    """Changes something on GitHub; a field is as `gh api` takes it: `-f name=text`."""
    done = run("gh", "api", "--method", method, path, *fields, "--silent")
    if done.returncode:
        raise Stop(f"GitHub, {method} {path}: {_last(done.stderr)}; nothing was written")


def marked(entries: Iterable[JsonObject], mark: str, key: str) -> int | None:
    """The number under `key` of the first entry whose body begins with the mark; None without."""
    ours = next((entry for entry in entries if texts(entry, "body").startswith(mark)), {})
    number = ours.get(key)
    return number if isinstance(number, int) else None


def say(text: str) -> None:
    """A line for the log, above what a command printed."""
    print(text, flush=True)


def texts(value: Json, *keys: str) -> str:
    """The text at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


A_PAGE = 100
"""What GitHub and GitLab put on a page at most."""


def listing(ask: Ask, path: str, *, most: int, of: str = "") -> Iterator[JsonObject]:
    """The objects of a list that comes in pages, each page asked for when it is come to; `most`:
    how many pages; `of`: the key under which an answer has the list, where it is none itself."""
    mark = "&" if "?" in path else "?"
    for page in range(1, most + 1):
        answer = ask(f"{path}{mark}per_page={A_PAGE}&page={page}")
        if of:
            answer = answer.get(of) if isinstance(answer, dict) else None
        items = objects(answer)
        yield from items
        if len(items) < A_PAGE:
            return


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "failed without a word"


def stopped(error: Stop) -> int:
    """Prints the line on which a job stops, marked for GitHub -> the exit code."""
    print(f"::error::{error}", file=sys.stderr)
    return 1
