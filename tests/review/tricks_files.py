"""Files that the engine, Python, the pipeline or git takes up, where an approver may not look."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.plan.plan_kit import commit, git
from tests.review.tricks import STACK, Trick, new_file, stranger


def _links() -> Iterator[Trick]:
    def linked(name: str) -> Callable[[Path], None]:
        def does(folder: Path) -> None:
            target = folder / "other.txt"
            target.write_text(yaml.safe_dump(stranger()))
            (folder / name).unlink()
            (folder / name).symlink_to(target.name)

        return does

    for name in (STACK, "Pulumi.yaml"):
        yield Trick(f"symbolic link {name}", linked(name), name)
    for name, target in {"cfscim": "/tmp", "docs": ".", "policy": "../elsewhere"}.items():
        yield Trick(f"link {name}", lambda f, n=name, t=target: (f / n).symlink_to(t), name)

    def link_to_a_page(folder: Path) -> None:
        _page(folder)
        (folder / "yaml.py").symlink_to("docs/page.md")

    def packages_in_a_page(folder: Path) -> None:
        _page(folder)
        (folder / "requirements.txt").write_text("pulumi==3.272.0\n-r docs/page.md\n")

    def link_to_a_folder(folder: Path) -> None:
        _page(folder)
        (folder / "pydantic").symlink_to("docs")

    for name, first in {
        "what a link leads to": link_to_a_page,
        "what a list of packages leads to": packages_in_a_page,
        "what is in a linked folder": link_to_a_folder,
    }.items():
        yield Trick(
            name, lambda f: (f / "docs" / "page.md").write_text("evil\n"), "docs/page.md", first
        )


def _page(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").write_text("harmless\n")


def _program() -> Iterator[Trick]:
    for path in (
        *(
            "__main__.py",
            "components/stack.py",
            "components/okta/app.py",
            "cfscim/config/models.py",
        ),
        *("policy/pack.py", "policy/PulumiPolicy.yaml", "cfscim/config/policy/rules.py"),
        *("policy/rules.json", "cfscim/README.md", "cfscim/access/page.html"),
        *("yaml.py", "pulumi.py", "pydantic/__init__.py", "pulumi_okta/__init__.py", "json.py"),
        *(
            "sitecustomize.py",
            "usercustomize.py",
            "evil.pth",
            "typing_extensions.py",
            "conftest.py",
        ),
        *("email/__init__.py", "evil.so", "schema.py", "schema/__init__.py", "examples/evil.py"),
        *("docs/__init__.py", "docs/evil.pth", "venv/evil.py", ".venv/lib/evil.py"),
        *("__pycache__/json.cpython-311.pyc", "cfscim/__pycache__/stacks.cpython-311.pyc"),
        *("tests/__pycache__/conftest.cpython-311.pyc", "evil.cpython-311-x86_64-linux-gnu.so"),
        *("requirements.txt", "requirements-dev.txt", "constraints.txt", "pyproject.toml"),
        *("uv.lock", "poetry.lock", "Pipfile", "setup.py", "setup.cfg", "pip.conf", "tox.ini"),
        *(".github/workflows/deploy.yml", ".github/actions/update/action.yml", ".ci/run.sh"),
        *(".github/dependabot.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "Jenkinsfile"),
        *("Makefile", ".python-version", ".pulumi.version", "deploy/prod.deploy.yaml"),
        *(".env", ".envrc", ".netrc", ".pulumi/settings.json", ".pulumi/plugins/resource-okta"),
        *(".gitattributes", "components/.gitattributes", ".gitmodules", ".pre-commit-config.yaml"),
        *("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"),
    ):
        yield new_file(path)


def _changes_of_files() -> Iterator[Trick]:
    yield Trick("the program may be executed", lambda f: os.chmod(f / "__main__.py", 0o755), "main")
    yield Trick("the program is gone", lambda f: (f / "__main__.py").unlink(), "__main__")
    yield Trick("the project is gone", lambda f: (f / "Pulumi.yaml").unlink(), "Pulumi.yaml")
    yield Trick(
        "the project in lower case",
        lambda f: (f / "Pulumi.yaml").rename(f / "pulumi.yaml"),
        "pulumi.yaml",
    )


def _instead(path: str, text: str) -> Callable[[Path], None]:
    """Git is told to give another object wherever the committed one is asked for."""

    def does(folder: Path) -> None:
        before = _object(folder, f"HEAD:{path}")
        (folder / path).write_text(text)
        git(folder, "add", path)
        git(folder, "replace", before, _object(folder, f":{path}"))

    return does


def _object(folder: Path, name: str) -> str:
    asked = ["git", "rev-parse", name]
    return subprocess.run(asked, cwd=folder, check=True, capture_output=True, text=True).stdout[:-1]


def _stack_files() -> Iterator[Trick]:
    text = yaml.safe_dump(stranger(), sort_keys=False)
    for name in (
        *("Pulumi.Prod.yaml", "Pulumi.PROD.yaml", "pulumi.prod.yaml", "Pulumi.prod.YAML"),
        *("Pulumi.pr\u043ed.yaml", "Pulumi.prod .yaml", "Pulumi..yaml", "Pulumi.prod\n.yaml"),
        *("Pulumi.-x.yaml", "Pulumi.$(id).yaml", "Pulumi.prod.yaml ", "Pulumi.prod.yaml.bak"),
        *("Pulumi.yaml ", "Pulumi.YAML", "pulumi.json", "Pulumi.new.yaml"),
    ):
        yield Trick(f"stack file {name!a}", lambda f, n=name: (f / n).write_text(text), "")
    yield Trick("the stack of before in another's place", _instead(STACK, text), "eve")
    yield Trick("the stack is gone", lambda f: (f / STACK).unlink(), "removed")
    yield Trick(
        "the stack is renamed",
        lambda f: (f / STACK).rename(f / "Pulumi.other.yaml"),
        "removed",
    )


def _renamed() -> Iterator[Trick]:
    """A stack by another name, whose state begins anew: what it takes away is taken away all the
    same."""

    def renamed(folder: Path) -> None:
        content = yaml.safe_load((folder / STACK).read_text())
        content["config"]["cloudflare-scim:scim"]["roles"]["Administrator"] = {"members": []}
        (folder / STACK).unlink()
        (folder / "Pulumi.live.yaml").write_text(yaml.safe_dump(content))

    yield Trick("the stack is renamed, without its Administrators", renamed, "removal-share")


_MAY_CLONE = ("-c", "protocol.file.allow=always")


def _submodules() -> Iterator[Trick]:
    def added(folder: Path) -> None:
        other = folder.with_name(f"{folder.name}-other")
        other.mkdir()
        (other / "a.py").write_text("fine = 1\n")
        commit(other)
        git(folder, *_MAY_CLONE, "clone", "-q", str(other), "docs/program")
        (folder / ".gitmodules").write_text(
            f'[submodule "p"]\n\tpath = docs/program\n\turl = {other}\n\tignore = all\n'
        )
        git(folder, "add", "-f", "docs/program")

    def moved(folder: Path) -> None:
        (folder / "docs" / "program" / "a.py").write_text("evil = 1\n")
        git(folder / "docs" / "program", "commit", "-q", "-a", "-m", "evil")
        git(folder, "add", "-f", "docs/program")

    yield Trick("a submodule", added, "docs/program")
    yield Trick("a submodule that is never looked at", moved, "docs/program", added)


def file_tricks() -> list[Trick]:
    """Everything beside the words of a stack file."""
    return [
        *_links(),
        *_program(),
        *_changes_of_files(),
        *_stack_files(),
        *_renamed(),
        *_submodules(),
    ]
