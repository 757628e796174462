"""The stacks of a folder, those that a change touches, and a stack file as it was before."""

import json
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from cfscim.gitops.shell import GIT, Stop, git, run

STACK_FILE = re.compile(r"Pulumi\.(?P<stack>[^/]+)\.yaml\Z")
# Read by people, or run by nobody who holds a credential. Whatever else is not a stack file may
# change what every stack does. \Z, because a name may end in a line feed.
HARMLESS = re.compile(
    r"(docs|examples|schema)/.*\.(md|png|svg|jpe?g|gif|html|csv|json|ya?ml)\Z"
    r"|(tests|bench)/.*\.(py|md|txt|csv|json|ya?ml|html|png|svg)\Z"
    r"|[^/]+\.md\Z|(LICENSE|\.gitignore)\Z",
    re.DOTALL,
)
# Wherever it lies: a step of a pipeline, a project of the engine's, what Python runs by itself.
_NEVER_HARMLESS = re.compile(
    r"(^|/)(action\.ya?ml|Pulumi(Policy|Plugin)?\.(ya?ml|json)|(site|user)customize(\.py|/.*))\Z",
    re.IGNORECASE,
)
# Any option of a list of packages: pip takes each in short, and in its first letters.
_OPTION = re.compile(
    r"^\s*(?:-[a-z]|--[a-z][a-z-]*)[\s=]*[\"']?(?:file:)?(?P<path>[^\s\"'#]+)", re.M | re.I
)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.M)
_BETWEEN_PATHS = re.compile(r"[^\w.~+/-]+")
# Everything else may be a list of packages or of commands; but our own modules and documents name
# pages to people, and of the engine's files every key is known.
_NAMES_PAGES = re.compile(
    r"(cfscim|components|policy|sandbox)/.*\.py\Z|(.*/)?Pulumi[^/]*\Z|.*\.md\Z"
)
_LARGEST = 1_000_000
NAMES = ("--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--name-only", "-z")
"""Of `git diff`. A repository may say of a submodule that it is never looked at; here it is."""
_LINK, _SUBMODULE = "120000", "160000"


def stack_of(path: str) -> str | None:
    """The stack whose file this is; settings of Pulumi Deployments are none."""
    match = STACK_FILE.match(path)
    return match["stack"] if match and not path.endswith(".deploy.yaml") else None


def is_harmless(path: str, led_to: Collection[str] = ()) -> bool:
    """Whether nothing that an update runs or reads can be in the file; `led_to`: see `leads`."""
    if _NEVER_HARMLESS.search(path) or not HARMLESS.match(path):
        return False
    above = {path, *map(str, Path(path).parents)}
    return above.isdisjoint(led_to)


def leads(listed: str, root: Path) -> frozenset[str]:
    """Paths that are part of the program wherever they lie: submodules, symbolic links with what
    they lead to, and what a list of packages or a file of commands names, or one that is named
    there. `listed`: the tree at `root`, by `git ls-files -s -z`."""
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    modes = {path: about.partition(" ")[0] for about, _, path in entries}
    led_to: set[str] = set()
    for path, mode in modes.items():
        if mode in {_SUBMODULE, _LINK}:
            led_to.add(path)
        if mode == _LINK and (root / path).is_symlink():
            led_to |= _places(os.path.dirname(path), os.readlink(root / path))
    reading = [path for path in modes if not is_harmless(path) and not _NAMES_PAGES.match(path)]
    while reading:
        for named in _named_in(reading.pop(), modes, root) - led_to:
            led_to.add(named)
            if named in modes and is_harmless(named):
                reading.append(named)
    return frozenset(led_to)


def _named_in(path: str, known: Collection[str], root: Path) -> set[str]:
    """Where the options of a file lead, and the known files that it names."""
    file = root / path
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGEST:
        return set()
    beside = os.path.dirname(path)
    text = _COMMENT.sub("", file.read_text(errors="replace").replace("\\\n", " "))
    options = (_places(beside, option["path"]) for option in _OPTION.finditer(text))
    words = {word for word in _BETWEEN_PATHS.split(text) if "/" in word}
    places = (_places(folder, word) for word in words for folder in ("", beside))
    named = set[str]().union(*places).intersection(known)
    named |= {each for each in known if _BETWEEN_PATHS.search(each) and each in text}
    return named.union(*options)


def _places(beside: str, path: str) -> set[str]:
    """Where a path may lead to; one that leaves the folder may come back into it by any name."""
    place = os.path.normpath(os.path.join(beside, path))
    if not place.startswith(("/", "..")):
        return {place}
    parts = place.strip("/").split("/")
    return {"/".join(parts[at:]) for at in range(len(parts))}


def program_files(paths: Iterable[str]) -> list[str]:
    """Of changed files, those that the program is made of, or that could become part of it."""
    led_to = leads(git("ls-files", "-s", "-z"), Path())
    return sorted(
        path for path in paths if stack_of(path) is None and not is_harmless(path, led_to)
    )


def all_stacks(skip: Iterable[str] = ()) -> list[str]:
    """Every stack of this folder that git knows, by name."""
    stacks = {stack for path in git("ls-files", "-z").split("\0") if (stack := stack_of(path))}
    return sorted(stacks - set(skip))


def changed_files(before: str) -> list[str]:
    """Files that differ between a commit and HEAD; a renamed one counts under both names."""
    return _diff(before, "HEAD")


def changed_stacks(before: str) -> list[str]:
    """The stacks that a change since `before` touches: all, when the program itself changed."""
    files = changed_files(before)
    stacks = all_stacks()
    if program_files(files):
        return stacks
    touched = {stack_of(path) for path in files}
    return [stack for stack in stacks if stack in touched]


def removed_files(before: str) -> list[str]:
    """Stack files that are gone since `before`."""
    return [path for path in _diff("--diff-filter=D", before, "HEAD") if stack_of(path)]


def _diff(*arguments: str) -> list[str]:
    return [path for path in git("diff", *NAMES, *arguments, "--").split("\0") if path]


def commit_of(revision: str) -> str:
    """The commit that a name means; raises `Stop` when it means none, here or at the origin."""
    for attempt in (0, 1):
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        done = run(*GIT, *asked)
        if done.returncode == 0:
            return done.stdout.strip()
        if attempt or not re.fullmatch(r"[0-9a-f]{40}", revision):
            break
        # After a force-push no branch reaches it any more, but the origin still gives it away.
        run(*GIT, "fetch", "--quiet", "--no-tags", "origin", revision)
    raise Stop(
        f"{revision!r}: no commit of this repository; nothing can be compared with it, and "
        "removals cannot be counted; check out with fetch-depth: 0, or write a commit, a tag or "
        "origin/<branch>"
    )


def file_at(revision: str, stack: str) -> str | None:
    """The stack's file as a commit has it; nothing where it has none. Raises `Stop` when the commit
    is not to be had."""
    commit, name = commit_of(revision), f"Pulumi.{stack}.yaml"
    return git("show", f"{commit}:./{name}") if git("ls-tree", "-z", commit, "--", name) else None


def gone_stacks(commits: Iterable[str]) -> list[str]:
    """Stacks that the branch once had and has no more; `commits`: further ones to look at, which a
    force-push may have left behind."""
    log = ("log", "-m", "--diff-filter=D", "--format=", *NAMES, "HEAD", "--", "Pulumi.*.yaml")
    listed = [git(*log), *(git("ls-tree", "-z", "--name-only", commit) for commit in commits)]
    paths = (path.strip("\n") for text in listed for path in text.split("\0"))
    return sorted({stack for path in paths if (stack := stack_of(path))} - {*all_stacks()})


_FOLDER = Path(".before")


def hand_over(stack: str, before: str, begun: Iterable[tuple[str, str]]) -> None:
    """Hands the configs of before to the policy pack, so that removals are counted from there:
    writes them below `.before`, and `.before/policy.json`, the pack's settings.

    `before`: the commit to take the stack file from; empty, or without the file, for a new stack.
    `begun`: commit and stack of what else may be in force. Raises `Stop` when a commit is not to
    be had.
    """
    there = _taken(before, stack, _FOLDER) if before else ""
    files = [_taken(commit, of, _FOLDER / commit) for commit, of in begun]
    settings: dict[str, object] = {"beforeFile": there}
    if listed := sorted({*filter(None, files)}):
        settings["begunFiles"] = listed
    _FOLDER.mkdir(exist_ok=True)
    given = {"removal-share": settings, "waived-config": settings}
    (_FOLDER / "policy.json").write_text(json.dumps(given))


def _taken(revision: str, stack: str, folder: Path) -> str:
    """Absolute, because the pack runs in a folder of its own; empty where there is no such file."""
    content = file_at(revision, stack)
    if content is None:
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(content)
    return str(file.resolve())
