"""Drift: what one stack's check found, and the one issue about all of them."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cfscim.config.json_types import objects
from cfscim.gitops.shell import github, marked, masked, parsed, run, settings, write
from cfscim.gitops.summary import COMMENT, as_printed, cut

MARKER = "<!-- cloudflare-scim drift -->"
FOLDER = Path("drift")
_TAIL = 12_000
# What RFC 5322 lets stand in an address, but for what an address in a URL stands between; also a
# guest's name in Entra (`ada_example.com#EXT#@…`), and how URLs, JSON and wide letters write the @.
_AT = re.compile(r"%40|\\u0040|\uff20")
_ADDRESS = re.compile(
    r"(?P<quote>['`*]{0,3})"
    r"(?P<person>(?:\"[^\"\n]{1,64}\"|[\w.!#$%&'*+^`{|}~\u2019-]{1,128})"
    rf"(?:@|{_AT.pattern})[\w-]{{1,64}}(?:\.[\w-]+)+)"
)


def without_people(text: str) -> str:
    """A person is one number throughout; an issue may be read by anybody."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        person = _AT.sub("@", match["person"]).lower()
        return f"{match['quote']}[person {numbers.setdefault(person, len(numbers) + 1)}]"

    return _ADDRESS.sub(number, text)


def check(stack: str, env: Mapping[str, str]) -> int:
    """Refreshes without writing and verifies; leaves `drift/<stack>.md` where something differs or
    could not be read -> 0 when all agrees, else 1. Addresses stay out unless SHOW_PEOPLE is true.
    """
    # The program runs, so that providers sign in with today's credentials, not the state's.
    refresh = run(
        *("pulumi", "refresh", "--stack", stack, "--preview-only", "--run-program"),
        *("--expect-no-changes", "--non-interactive", "--color", "never", "--suppress-outputs"),
        work=True,
    )
    verify = run(sys.executable, "-m", "cfscim", "verify", "--stack", stack, work=True)
    parts = []
    asked = masked(refresh.stdout)
    expected = "no changes were expected" in refresh.stdout + refresh.stderr
    if refresh.returncode:
        what = "the state differs" if expected else "could not be read"
        parts.append(_part(f"`pulumi refresh --preview-only`: {what}", asked + refresh.stderr))
    if verify.returncode == 4:
        print(f"{stack}: declared, and not yet delivered; that is no drift")
    elif verify.returncode:
        what = "something is not as declared" if verify.returncode == 1 else "could not look"
        parts.append(_part(f"`verify`: {what}", verify.stdout + verify.stderr))
    shown = asked + refresh.stderr + verify.stdout + verify.stderr
    people = env.get("SHOW_PEOPLE") == "true"
    print(shown if people else without_people(shown))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{stack}.looked").write_text("")
    if parts:
        text = "\n".join(parts)
        (FOLDER / f"{stack}.md").write_text(text if people else without_people(text))
    return 1 if parts else 0


def _part(title: str, text: str) -> str:
    return f"{title}\n{as_printed(text[-_TAIL:])}"


def findings(stacks: Sequence[str], folder: Path = FOLDER) -> dict[str, str]:
    """Stack -> what is to be said of it; a stack that nobody looked at is said to be so."""
    said = {}
    for stack in stacks:
        file = folder / f"{stack}.md"
        if file.is_file():
            said[stack] = file.read_text()
        elif not (folder / f"{stack}.looked").is_file():
            said[stack] = "Could not look: the check ended before it read anything; see the run.\n"
    return said


def report() -> None:
    """Opens, edits or closes the one issue: REPOSITORY, RUN, STACKS (a JSON list, or empty where
    not even the list could be made), RESULT of the checks."""
    env = settings()
    listed = parsed(env["STACKS"] or "null", "STACKS")
    said = findings([str(stack) for stack in listed] if isinstance(listed, list) else [])
    if listed is None:
        said = {"all stacks": "Could not look: the list of stacks could not be made.\n"}
    elif env["RESULT"] not in ("success", "skipped") and not said:
        said = {"all stacks": f"Could not look: the checks ended as {env['RESULT']}.\n"}
    repository, existing = env["REPOSITORY"], _existing(env["REPOSITORY"])
    if not said:
        if existing:
            target = f"repos/{repository}/issues/{existing}"
            write("POST", f"{target}/comments", "-f", f"body=All stacks agree again: {env['RUN']}")
            write("PATCH", target, "-f", "state=closed")
        return
    lines = [
        MARKER,
        f"What the vendors have differs from what is declared, or could not be read: {env['RUN']}",
        "",
        *(f"- `{stack}`" for stack in said),
    ]
    for stack, text in said.items():
        lines += ["", f"## {stack}", text.rstrip()]
    Path("body.md").write_text(cut("\n".join(lines) + "\n", COMMENT, f"{env['RUN']} has the rest"))
    if existing:
        write("PATCH", f"repos/{repository}/issues/{existing}", "-F", "body=@body.md")
    else:
        title = "title=Cloudflare SCIM has drifted"
        write("POST", f"repos/{repository}/issues", "-f", title, "-F", "body=@body.md")


def _existing(repository: str) -> int | None:
    page = f"repos/{repository}/issues?state=open&creator=github-actions[bot]&per_page=100"
    return marked(objects(github(page)), MARKER, "number")
