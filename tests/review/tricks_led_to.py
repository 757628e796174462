"""Files that read like documents, drawn into the program by another one: that was merged before, and
what is changed now is the document alone.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.review.tricks import Trick

PAGE = "docs/page.md"


def _write(folder: Path, path: str, text: str = "harmless\n") -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _drawn(name: str, changed: str, *files: tuple[str, str]) -> Trick:
    """`files`: what is merged before, as paths and texts, beside the document `changed`."""

    def merged(folder: Path) -> None:
        _write(folder, changed)
        for path, text in files:
            _write(folder, path, text)

    return Trick(name, lambda f: _write(f, changed, "evil\n"), re.escape(changed), merged)


_OPTIONS = {
    "over two lines": "-r \\\n  docs/page.md",
    "in quotes": "-r 'docs/page.md'",
    "in full and in quotes": '--requirement="docs/page.md"',
    "by its first letters": "--req docs/page.md",
    "as an address": "-r file:docs/page.md",
    "in short": "-cdocs/page.md",
    "around the folder": "-r ../repository/docs/page.md",
    "from the top": "-r /home/runner/work/scim/scim/docs/page.md",
    "in capitals of an option": "-C docs/page.md",
    "by a variable": "-r ${HERE}docs/page.md",
    "as a package": "pkg @ file:docs/page.md",
    "after a carriage return": "six==1\r\n-r docs/page.md\r",
    "as what may be edited": "-e file:docs",
}


def _lists() -> Iterator[Trick]:
    for name, line in _OPTIONS.items():
        written = ("requirements.txt", f"pulumi==3.272.0\n{line}\n")
        yield _drawn(f"a list of packages names it {name}", PAGE, written)
    yield _drawn(
        "a list that a list names",
        "docs/b.md",
        ("requirements.txt", "-r docs/page.md\n"),
        (PAGE, "-r b.md\n"),
    )
    yield _drawn("a list in a folder", PAGE, ("sub/requirements.txt", "-r ../docs/page.md\n"))
    blank = "docs/a page.md"
    yield _drawn("a name with a blank", blank, ("Makefile", f'include "{blank}"\n'))


_COMMANDS = {
    ".gitlab-ci.yml": "include: {local: /docs/page.yml}\n",
    ".gitlab-ci.yaml": "include: docs/page.yml\n",
    "azure-pipelines.yml": "steps: [{template: docs/page.yml}]\n",
    "Makefile": "include docs/page.yml\n",
    ".github/workflows/x.yml": "run: bash docs/page.yml\n",
    ".github/actions/x/run.sh": ". ../../../docs/page.yml\n",
    "uv.toml": 'constraint-dependencies = ["docs/page.yml"]\n',
    "pyproject.toml": '[tool.setuptools.dynamic]\ndependencies = {file = ["docs/page.yml"]}\n',
    "pip.conf": "[install]\nrequirement = docs/page.yml\n",
    "deploy/install": 'python "$here/../docs/page.yml"\n',
    "__main__.py": 'exec(open("docs/page.yml").read())\n',
    "Dockerfile": "COPY docs/page.yml /usr/lib/python3/x.pth\n",
    "renovate.json": '{"extends": ["local>acme/scim:docs/page.yml"]}\n',
}


def _commands() -> Iterator[Trick]:
    for path, text in _COMMANDS.items():
        yield _drawn(f"{path} names it", "docs/page.yml", (path, text))


def _linked(path: str, target: str) -> Callable[[Path], None]:
    def does(folder: Path) -> None:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).symlink_to(target)

    return does


def _links() -> Iterator[Trick]:
    for name, target in {
        "a link from the top": "/home/runner/work/scim/scim/docs/page.md",
        "a link that leaves the folder": "../scim/docs/page.md",
    }.items():
        yield Trick(
            name,
            lambda f: _write(f, PAGE, "evil\n"),
            PAGE,
            lambda f, t=target: (_write(f, PAGE), _linked("yaml.py", t)(f)),
        )
    for path, target in {
        "README.md": "/proc/self/environ",
        "plan.md": "cfscim",
        "docs/x.md": "../Pulumi.yaml",
        "LICENSE": ".git/config",
        ".gitignore": "x",
        "tests/x.py": "../a.py",
    }.items():
        yield Trick(f"{path} is a link", _linked(path, target), re.escape(path))


def led_to_tricks() -> list[Trick]:
    """Documents that something else draws in."""
    return [*_lists(), *_commands(), *_links()]
