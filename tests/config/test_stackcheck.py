"""One stack file as a whole: lines of problems, credentials beside the object, two organisations."""

from pathlib import Path

import pytest

from cfscim.config.messages import Message
from cfscim.config.provider_settings import CREDENTIALS
from cfscim.config.stack_file import check_stack_file
from tests.config.config_samples import NOW

STACKS = Path(__file__).parent / "stacks"
OKTA = (STACKS / "contract-okta.yaml").read_text()
ENTRA = (STACKS / "contract-entra.yaml").read_text()


def problems(folder: Path, text: str) -> tuple[Message, ...]:
    path = folder / "Pulumi.prod.yaml"
    path.write_text(text)
    return check_stack_file(path, now=NOW).problems


@pytest.mark.parametrize("name", ["contract-okta", "contract-entra"])
def test_the_contract_s_examples_are_valid(name: str) -> None:
    checked = check_stack_file(STACKS / f"{name}.yaml", now=NOW)
    assert checked.problems == ()
    assert checked.config is not None
    assert checked.config.token.expires_on_text == "2027-05-20T00:00:00Z"


def test_a_problem_has_the_line_of_its_key(tmp_path: Path) -> None:
    text = OKTA.replace("Billing: {}", "Biling: {}").replace('rotation: "1"', "rotation: 07")
    found = problems(tmp_path, text)
    rows = text.splitlines()
    assert [rows[(problem.where.line or 0) - 1].split(":")[0].strip() for problem in found] == [
        "rotation",
        "Biling",
    ]
    assert 'write "07" in quotes' in found[0].instead, "the text as it was written"
    assert str(found[1]).startswith(
        f"{tmp_path}/Pulumi.prod.yaml:{found[1].where.line}: cloudflare-scim:scim.roles.Biling: "
    )


def test_an_account_id_of_digits_only_is_to_be_quoted(tmp_path: Path) -> None:
    digits = "01234567890123456789012345678901"
    (problem,) = problems(tmp_path, OKTA.replace("0123456789abcdef0123456789abcdef", digits))
    assert problem.instead == f'write "{digits}" in quotes'


def test_a_key_twice_and_a_bad_value_are_shown_together(tmp_path: Path) -> None:
    found = problems(
        tmp_path, OKTA.replace("    roleModel: userGroups", "    roleModel: x\n    roleModel: y")
    )
    assert ["stands twice" in problem.what for problem in found] == [True, False]
    assert [problem.where.path for problem in found] == ["cloudflare-scim:scim.roleModel"] * 2


@pytest.mark.parametrize("key", sorted(CREDENTIALS))
def test_a_credential_in_plain_text_is_a_problem_that_does_not_repeat_it(
    tmp_path: Path, key: str
) -> None:
    (problem,) = problems(tmp_path, OKTA.replace("config:", f"config:\n  {key}: hunter2", 1))
    assert (problem.where.path, problem.where.line) == (key, 2)
    assert "plain text" in problem.what
    assert f"pulumi config set --secret {key}" in problem.instead
    assert "hunter2" not in str(problem)


def test_a_value_that_looks_like_a_token_is_one_under_any_key(tmp_path: Path) -> None:
    token = "cfat_" + "a1B2" * 10
    (problem,) = problems(tmp_path, OKTA.replace("config:", f"config:\n  other:thing: {token}", 1))
    assert problem.where.path == "other:thing"
    assert token not in str(problem)


def test_encrypted_credentials_and_plain_settings_are_fine(tmp_path: Path) -> None:
    settings = "  okta:apiToken: {secure: AAAB}\n  okta:orgName: Example\n  azuread:useCli: false\n"
    assert problems(tmp_path, OKTA.replace("config:\n", "config:\n" + settings, 1)) == ()


def test_keys_of_the_project_that_nothing_reads(tmp_path: Path) -> None:
    text = OKTA.replace("config:\n", "config:\n  cloudflare-scim:roleModel: x\n  rotation: y\n", 1)
    found = problems(tmp_path, text)
    assert [problem.where.path for problem in found] == ["cloudflare-scim:roleModel", "rotation"]
    assert "move roleModel into cloudflare-scim:scim" in found[0].instead


def test_two_okta_organisations_in_one_file(tmp_path: Path) -> None:
    (problem,) = problems(
        tmp_path, OKTA.replace("config:\n", "config:\n  okta:orgName: other\n", 1)
    )
    assert problem.where.path == "okta:orgName"
    assert '"other"' in problem.what
    assert '"example"' in problem.what


@pytest.mark.parametrize(
    ("cloud", "environment", "right"),
    [
        ("", "usgovernment", False),
        ("usGovernment", "usgovernmentl4", True),
        ("usGovernment", "global", False),
        ("usGovernmentDod", "DoD", True),
        ("china", "china", True),
        ("", "public", True),
    ],
)
def test_the_provider_and_the_config_must_mean_one_cloud(
    tmp_path: Path, cloud: str, environment: str, right: bool
) -> None:
    text = ENTRA.replace("config:\n", f"config:\n  azuread:environment: {environment}\n", 1)
    if cloud:
        text = text.replace("kind: entra", f"kind: entra\n      cloud: {cloud}", 1)
    found = problems(tmp_path, text)
    assert [problem.where.path for problem in found] == ([] if right else ["azuread:environment"])


def test_the_object_as_null_or_as_json_text(tmp_path: Path) -> None:
    for value in ("", " '{\"account\": {}}'"):
        (problem,) = problems(tmp_path, f"config:\n  cloudflare-scim:scim:{value}\n")
        assert problem.where.path == "cloudflare-scim:scim"
        assert "keys and values belong" in problem.what


def test_the_object_encrypted_as_a_whole(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "config:\n  cloudflare-scim:scim: {secure: AAAB}\n")
    assert "encrypted" in problem.what


def test_a_file_that_is_no_yaml_is_one_problem(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, OKTA + "\n  - x: [")
    assert "no YAML" in problem.what
