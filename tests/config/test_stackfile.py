"""Stack files: what is in them, and one clear problem for everything that is no stack file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.messages import CONFIG_KEY, Message, Where
from cfscim.config.stack_file import LARGEST_FILE, check_stack_file, read_stack_file, stack_of

STACKS = Path(__file__).parent / "stacks"


def written(folder: Path, content: str | bytes, name: str = "Pulumi.prod.yaml") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only_problem(path: Path | str) -> Message:
    (problem,) = read_stack_file(path).problems
    assert problem.where.file == str(path)
    return problem


def test_the_contract_s_file_is_read_with_the_line_of_every_key() -> None:
    found = read_stack_file(STACKS / "contract-okta.yaml")
    text = (STACKS / "contract-okta.yaml").read_text().splitlines()
    assert found.stack == "contract-okta"
    assert isinstance(found.config_object, dict)
    assert "roleModel:" in text[found.lines[CONFIG_KEY, "roleModel"] - 1]
    assert (
        "Super"
        in text[found.lines[CONFIG_KEY, "roles", "Super Administrator - All Privileges"] - 1]
    )
    members = (CONFIG_KEY, "roles", "Super Administrator - All Privileges", "members")
    assert found.lines[*members, 1] == found.lines[*members, 0]


def test_provider_settings_are_texts_and_encrypted_ones_are_only_named(tmp_path: Path) -> None:
    found = read_stack_file(
        written(
            tmp_path,
            "encryptionsalt: v1:x\nconfig:\n  okta:orgName: example\n  okta:backoff: true\n"
            "  okta:apiToken: {secure: AAAB}\n  azuread:tenantId: 0123\n"
            f"  {CONFIG_KEY}: {{}}\n",
        )
    )
    assert dict(found.provider_config) == {
        "okta:orgName": "example",
        "okta:backoff": "true",
        "azuread:tenantId": "0123",
    }
    assert found.secure_keys == {"okta:apiToken"}
    assert found.config_object == {}


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("Pulumi.prod.yaml", "prod"),
        ("examples/Pulumi.eu.prod-2.yaml", "eu.prod-2"),
        ("other.yaml", "other"),
    ],
)
def test_the_stack_is_in_the_file_s_name(name: str, stack: str) -> None:
    assert stack_of(name) == stack


UNREADABLE = {
    "empty": ("", "empty"),
    "only comments": ("# nothing\n", "empty"),
    "a list": ("- a\n", "no keys and values"),
    "a word": ("word\n", "no keys and values"),
    "no config": ("environment: [x]\n", "config is missing"),
    "config null": ("config:\n", "config holds no keys"),
    "config list": ("config: [1]\n", "config holds no keys"),
    "no object": ("config: {}\n", f"{CONFIG_KEY} is missing"),
    "binary": (b"\x7fELF\0\0", "binary"),
    "utf-16": ("config: {}".encode("utf-16"), "binary"),
    "latin-1": ("config: {a: \xe9}".encode("latin-1"), "no UTF-8"),
    "large": (b"#" * (LARGEST_FILE + 1), "larger than"),
    "ten megabytes": (b"a: b\n" * 2_000_000, "larger than"),
}


@pytest.mark.parametrize("written_as", ["confg", "Config", "configs"])
def test_config_misspelled_is_one_problem(tmp_path: Path, written_as: str) -> None:
    (problem,) = check_stack_file(written(tmp_path, f"{written_as}: {{}}\n")).problems
    assert str(problem).endswith("; write config")


@pytest.mark.parametrize(("content", "what"), UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_is_no_stack_file_is_one_problem(
    tmp_path: Path, content: str | bytes, what: str
) -> None:
    path = written(tmp_path, content)
    problem = only_problem(path)
    assert what in problem.what
    assert problem.instead
    assert problem.why


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in only_problem(tmp_path / "Pulumi.x.yaml").what
    assert "folder" in only_problem(tmp_path).what
    assert "no regular file" in only_problem("/dev/null").what


def test_a_file_that_must_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "config: {}")

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read every file
    assert "Permission denied" in only_problem(path).what


def test_the_project_s_own_file_is_no_stack(tmp_path: Path) -> None:
    path = written(tmp_path, "name: cloudflare-scim\nruntime: python\n", "Pulumi.yaml")
    assert "project's own file" in only_problem(path).what


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + f"config: {{{CONFIG_KEY!r}: {{}}}}".encode())
    assert read_stack_file(path).problems == ()


@pytest.mark.parametrize(
    "key",
    ["scim", "cloudflare_scim:scim", "Scim", "my-project:scim", "cloudflare-scim:scmi", "scimm"],
)
def test_the_object_under_another_key_is_answered_with_the_right_one(
    tmp_path: Path, key: str
) -> None:
    problem = only_problem(written(tmp_path, f"config:\n  a:b: c\n  {key}: {{}}\n"))
    assert (problem.where.path, problem.where.line) == (key, 3)
    assert problem.instead == f'write "{CONFIG_KEY}:"'


def test_a_problem_stands_on_the_line_of_the_nearest_key_above(tmp_path: Path) -> None:
    found = read_stack_file(
        written(tmp_path, f"config:\n  {CONFIG_KEY}:\n    token:\n      x: 1\n")
    )

    def line(*keys: str) -> int | None:
        return found.placed(Message(Where(keys), "w", "w", "i")).where.line

    assert line(CONFIG_KEY, "token", "x") == 4
    assert line(CONFIG_KEY, "token", "name") == 3
    assert line(CONFIG_KEY, "account", "id") == 2
    assert line("okta:orgName") == 1


@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.getbasetemp(), content, "Pulumi.fuzz.yaml")
    for problem in read_stack_file(path).problems:
        assert "\n" not in str(problem)
