"""README and docs/ say what is there: links, commands, stack files, config keys, resources."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from cfscim.__main__ import app
from cfscim.config import kinds
from cfscim.config.schema import config_schema
from cfscim.config.stack_file import check_stack_file
from tests.test_hints import SOURCES, texts

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, *languages: str) -> Iterator[str]:
    for language, content in FENCE.findall(page.read_text()):
        if language in languages:
            yield content


def rows(page: Path) -> Iterator[list[str]]:
    """Cells of every table row but headings, code spans whole."""
    lines = page.read_text().splitlines()
    for number, line in enumerate(lines):
        ruled = number + 1 < len(lines) and lines[number + 1].lstrip().startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not ruled:
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


@every_page
def test_every_relative_link_resolves(page: Path) -> None:
    prose = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        assert file.is_relative_to(ROOT), f"{page.name} links out of the repository: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name} links to {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#\s]+\.md)", PAGES[0].read_text()))
    assert linked == {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"}


@every_page
def test_every_command_named_exists(page: Path) -> None:
    click_command = typer.main.get_command(app)
    commands = getattr(click_command, "commands")  # noqa: B009 typer's own type hides it
    targets = set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in blocks(page, "", "sh", "bash", "console", "shell"):
        for command, rest in re.findall(r"python -m cfscim (\w[\w-]*)([^\n|;&]*)", block):
            assert command in commands, f"{page.name}: {command}"
            options = {name for one in commands[command].params for name in one.opts}
            for option in re.findall(r"(?<!\S)--[\w-]+", rest):
                assert option in options, f"{page.name}: {command} {option}"
        for target in re.findall(r"^\s*make (\w+)", block, re.MULTILINE):
            assert target in targets, f"{page.name}: make {target}"


def test_every_command_in_short_has_its_options() -> None:
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009 typer hides it
    short = re.compile(rf"`({'|'.join(map(re.escape, commands))})( --[^`]+)`")
    seen = 0
    for page in PAGES:
        for command, rest in short.findall(FENCE.sub("", page.read_text())):
            options = {name for one in commands[command].params for name in one.opts}
            for option in re.findall(r"(?<!\S)--[\w-]+", rest):
                assert option in options, f"{page.name}: {command} {option}"
                seen += 1
    assert seen > 10


@every_page
def test_every_stack_file_shown_is_valid(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(page, "yaml")):
        if "cloudflare-scim:scim" not in block:
            continue
        indent = re.match(r" *", block)
        text = block.replace(f"\n{indent.group()}" if indent else "", "\n").lstrip()
        file = tmp_path / f"Pulumi.block{number}.yaml"
        file.write_text(text)
        assert isinstance(yaml.safe_load(text), dict), f"{page.name}: block {number}"
        assert [str(one) for one in check_stack_file(file).problems] == [], page.name


def config_keys() -> dict[str, object]:
    """Key path of every leaf of the schema -> its default; lists of objects as `key[]`."""
    schema = json.loads(json.dumps(config_schema()))
    definitions, found = schema["$defs"], {}

    def walk(part: dict, path: str) -> None:
        for name, field in part.get("properties", {}).items():
            here = f"{path}.{name}" if path else name
            if name == "roles":
                found[here] = None
                walk(definitions["RoleConfig"], "roles.<role>")
                continue
            if "$ref" in field:
                walk(definitions[field["$ref"].split("/")[-1]], here)
                continue
            for variant in field.get("oneOf", ()):
                walk(definitions[variant["$ref"].split("/")[-1]], here)
            if "oneOf" in field:
                continue
            found[here] = field.get("default")
            if "$ref" in field.get("items", {}):
                walk(definitions[field["items"]["$ref"].split("/")[-1]], f"{here}[]")

    walk(schema, "")
    return found


def described_keys() -> dict[str, str]:
    """Key path in the config reference -> the cell with its default."""
    found = {}
    for key, *cells in rows(ROOT / "docs/configuration.md"):
        if len(cells) == 3:
            found.setdefault(key.strip("`"), cells[1])
    return found


def test_the_config_reference_describes_every_key_and_no_other() -> None:
    assert set(described_keys()) == set(config_keys())


def test_the_config_reference_has_the_defaults_of_the_schema() -> None:
    described = described_keys()
    for key, default in config_keys().items():
        if default is None or default in ("", []):
            continue
        said = described[key].strip("`").strip('"')
        assert said == (str(default).lower() if isinstance(default, bool) else default), key


OTHERS_SAY = {
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
    *("the stack is currently locked", "pending operations"),
    *("cannot be deleted because it is protected", "unable to replace resource"),
    *("marked for protection", "resource plugin", "is expected to have version"),
    *("KeyboardInterrupt", "pulumi up --debug"),
    "Create Users is off",
}
"""Of the engine, and one that is put together of a switch and its state."""


def test_every_message_of_troubleshooting_is_one_that_is_printed() -> None:
    vendors = (ROOT / "sandbox").rglob("*.py")
    printed = [text for path in [*SOURCES, *vendors] for text in texts(path)]
    # What is put in later reads as X.
    filled = [re.escape(text).replace("X", ".+?") for text in printed if "X" in text]
    filled = [pattern for pattern in filled if len(pattern.replace(".+?", "").strip()) > 5]
    seen = set()
    for row in rows(ROOT / "docs/troubleshooting.md"):
        for message in re.findall(r"`([^`]+)`", row[0]):
            for part in re.split(r"…|\.\.\.|[;:,] ", message.partition("yaml:12: ")[2] or message):
                said = part.strip(" :;,.")
                if len(said) < 6 or said in OTHERS_SAY or said == "cloudflare-scim:scim":
                    continue
                seen.add(said)
                alike = any(said in text for text in printed)
                assert alike or any(re.search(pattern, said) for pattern in filled), message
    assert len(seen) > 40


@pytest.mark.parametrize("listing", sorted(path.name for path in ROOT.glob("requirements*.in")))
def test_every_direct_dependency_is_defended(listing: str) -> None:
    lines = (ROOT / listing).read_text().splitlines()
    names = {re.split(r"[=<>\[;@ ]", line)[0] for line in lines if re.match(r"\w[\w.-]*", line)}
    sections = (ROOT / "docs/dependencies.md").read_text().split("\n## ")
    (section,) = (section for section in sections if f"(`{listing}`)\n" in section)
    assert set(re.findall(r"^\| `([^`]+)` \| \S.+ \|$", section, re.MULTILINE)) == names


def test_every_guide_step_names_a_file_that_declares_it() -> None:
    page, seen = ROOT / "docs/guide-steps.md", 0
    sources = "".join(path.read_text() for path in (ROOT / "components").rglob("*.py"))
    sources += (ROOT / "cfscim/config/kinds.py").read_text()
    constants = {str(value): name for name, value in vars(kinds).items() if name.isupper()}
    for _, resource, logical, file in rows(page):
        path = (page.parent / re.findall(r"\]\(([^)]+)\)", file)[0]).resolve()
        assert path.is_file(), file
        declared = path.read_text()
        types = re.findall(r"`(?:cloudflare\.|okta\.|azuread\.|(?=Entra|Okta))([\w.]+)`", resource)
        names = re.findall(r"`([\w-]+?)(?:-<[^`]*)?`", logical)
        for name in names:
            stem = name.removesuffix("-members")
            assert f'"{name}"' in sources or f'"{stem}"' in sources, f"{logical}: {name}"
        for kind in types:
            assert f"{kind}(" in sources, f"{file}: {kind}"
        if names:
            here = [f"{kind}(" for kind in types] + [f'"{name}"' for name in names]
            here += [constants[name] for name in names if name in constants]
            assert any(text in declared for text in here), f"{logical} is not declared in {file}"
        seen += 1
    assert seen > 25


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
