"""A version: what its number, the changelog and the tag have to agree on, and the tag itself."""

import re
import tomllib
from pathlib import Path

from cfscim.gitops.shell import GIT, Stop, git, is_ancestor, run, say

_NUMBER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\Z")
_HEADING = re.compile(r"^## (?P<number>\S+)(?: - (?P<day>\S+))?[ ]*$", re.MULTILINE)
NOTES = Path("notes.md")
_MAIN = "origin/main"
"""Where every commit was reviewed."""


def version(revision: str) -> str:
    """The number in the revision's pyproject.toml. Raises `Stop` where it is none."""
    number = str(tomllib.loads(git("show", f"{revision}:pyproject.toml"))["project"]["version"])
    if number.startswith("v") or not _NUMBER.match(number):
        raise Stop(f"pyproject.toml: version {number!r} is no <major>.<minor>.<patch>")
    return number


def notes(revision: str, number: str) -> str:
    """What its changelog says of it. Raises `Stop` unless it is the newest, and has a day."""
    text = git("show", f"{revision}:CHANGELOG.md")
    heading = _HEADING.search(text)
    if heading is None or heading["number"] != number:
        newest = heading["number"] if heading else "nothing"
        raise Stop(
            f"CHANGELOG.md: its newest section is {newest}, and pyproject.toml says {number}; give "
            "both the same number"
        )
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", heading["day"] or ""):
        raise Stop(f"CHANGELOG.md: {number} has no day; write ## {number} - 2026-11-26")
    following = _HEADING.search(text, heading.end())
    section = text[heading.end() : following.start() if following else None].strip()
    if not section:
        raise Stop(f"CHANGELOG.md: nothing stands below {number}; say what changes for users")
    return section + "\n"


def make_tag() -> None:
    """Tags HEAD as this version, signed where git is set up to sign. Raises `Stop` where version,
    changelog and what is tagged already do not agree, or `origin/main` is here without HEAD."""
    if git("status", "--porcelain"):
        raise Stop("something is not committed; a version is a commit; commit it, or stash it")
    number = version("HEAD")
    notes("HEAD", number)
    tags = [tag for tag in git("tag", "--list", "v*").split() if _NUMBER.match(tag)]
    newest = max(tags, key=_order, default=None)
    if newest is not None and _order(newest) >= _order(number):
        raise Stop(f"{newest} is there already; write a higher version than {number}")
    if not run(*GIT, "rev-parse", "--verify", _MAIN).returncode and not is_ancestor("HEAD", _MAIN):
        raise Stop("this commit is not on origin/main, where it was reviewed; merge it first")
    # With tag.gpgSign, git signs it.
    git("tag", "--annotate", "--message", f"cloudflare-scim {number}", f"v{number}")
    say(f"v{number} is made of {git('rev-parse', '--short=12', 'HEAD').strip()}.")
    say(f"Next: git push origin v{number}")


def check_tag(tag: str) -> None:
    """Writes what the changelog says into `notes.md`. Raises `Stop` unless the tag is annotated, of
    this version, and of a commit of the default branch that was fetched as `origin/main`."""
    number = version(f"refs/tags/{tag}")
    section = notes(f"refs/tags/{tag}", number)
    if tag != f"v{number}":
        raise Stop(f"{tag}: pyproject.toml says {number}; the tag of it is v{number}")
    if run(*GIT, "cat-file", "-t", f"refs/tags/{tag}").stdout.strip() != "tag":
        raise Stop(f"{tag}: it has no author and no day; make it with make release")
    if not is_ancestor(f"{tag}^{{commit}}", _MAIN):
        raise Stop(f"{tag}: its commit is not on main, where it was reviewed; tag one that is")
    NOTES.write_text(section, encoding="utf-8")


def _order(tag: str) -> tuple[int, ...]:
    number = _NUMBER.match(tag)
    return tuple(map(int, number.groups())) if number else ()
