"""The JSON Schema: complete, published as it is, and of one mind with `validate`."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import yaml
from jsonschema import Draft202012Validator

from cfscim.config.messages import UsageError
from cfscim.config.models import parse_config
from cfscim.config.schema import (
    Json,
    Object,
    config_schema,
    published,
    stack_file_schema,
    text,
    update,
)
from tests.config.config_mutations import BAD, Bad
from tests.config.config_samples import ENTRA, OKTA, changed
from tests.config.test_lookalikes import NEAR

ROOT = Path(__file__).parents[2]
CONFIG = Draft202012Validator(config_schema())
STACK_FILE = Draft202012Validator(stack_file_schema())


def test_both_are_schemas_of_the_2020_12_dialect() -> None:
    for schema in (config_schema(), stack_file_schema()):
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_published_schema_is_the_printed_one() -> None:
    published = (ROOT / "schema" / "stack.schema.json").read_text()
    assert published == text(stack_file_schema()), (
        "run: python -m cfscim schema --stack-file > schema/stack.schema.json"
    )


@pytest.mark.parametrize("name", ["configuration.md", "console-checklist.md"])
def test_the_published_pages_say_what_the_config_says(name: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / name).read_text()
    assert published(text) == text, "run: make published"
    page = tmp_path / name
    page.write_text(re.sub(r"(?m)^\|.*\n", "", text))
    assert update(str(page)) == 0
    assert page.read_text().count("\n| ") > 5


def test_a_page_without_parts_of_ours_is_left_alone() -> None:
    with pytest.raises(UsageError):
        published("# A page\n")


def _fields(schema: Json, path: str = "") -> Iterator[tuple[str, Object]]:
    if isinstance(schema, dict):
        for name, field in cast(Object, schema.get("properties", {})).items():
            yield f"{path}.{name}", cast(Object, field)
        for key, inner in schema.items():
            if key not in ("if", "then", "else", "allOf"):
                yield from _fields(inner, f"{path}.{key}")


def test_every_field_is_described() -> None:
    fields = dict(_fields(config_schema()))
    assert len(fields) > 30
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_every_key_is_camel_case_or_a_role() -> None:
    names = {path.rpartition(".")[2] for path, _ in _fields(config_schema())}
    assert {name for name in names if "_" in name} == set()
    assert {"roleModel", "expiresOn", "breakGlass", "apiIntegrationConfirmed"} <= names


@pytest.mark.parametrize("good", [OKTA, ENTRA], ids=["okta", "entra"])
def test_accepts_what_validate_accepts(good: dict[str, object]) -> None:
    assert parse_config(good, stack="dev")
    assert list(CONFIG.iter_errors(good)) == []


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_rejects_what_validate_rejects_as_far_as_a_schema_can(bad: Bad) -> None:
    assert bool(bad.why_not) != bad.schema, "an exception gives its reason"
    assert CONFIG.is_valid(bad.object) is not bad.schema


def test_the_exceptions_are_few() -> None:
    assert sum(bad.schema for bad in BAD) >= 70


@pytest.mark.parametrize("name", NEAR, ids=ascii)
def test_rejects_every_near_miss_of_a_role(name: str) -> None:
    assert not CONFIG.is_valid(changed(OKTA, ("roles",), {name: {}}))


GOOD_VARIANTS = [
    changed(OKTA, ("token", "expiresOn"), "2027-05-20 00:00:00 +0000 UTC"),
    changed(OKTA, ("token", "expiresOn"), "2027-05-20T02:00:00+02:00"),
    changed(OKTA, ("token", "allowedCidrs"), ["2001:db8::/32", "10.0.0.0/8"]),
    changed(OKTA, ("groupPrefix",), "Cloudflare "),
    changed(OKTA, ("groupPrefix",), "Équipe C-F "),
    changed(OKTA, ("roles", "Billing", "members"), []),
    changed(OKTA, ("roles", "Billing", "members"), ["o'brien+cf@mail.example.co.uk"]),
    changed(OKTA, ("roleModel",), "virtualGroups"),
    changed(OKTA, ("identityProvider", "orgName"), "Dev-12345"),
    changed(OKTA, ("identityProvider", "apiIntegration"), "api"),
    changed(ENTRA, ("identityProvider", "deletionThreshold"), None),
    changed(ENTRA, ("identityProvider", "userFilter"), []),
    changed(ENTRA, ("identityProvider", "tenantUrlSuffix"), "?aadOptscim062020"),
    changed(ENTRA, ("identityProvider", "userFilter", 0, "operator"), "NOT REGEX MATCH"),
]


@pytest.mark.parametrize("good", GOOD_VARIANTS)
def test_both_accept_other_good_values(good: dict[str, object]) -> None:
    assert parse_config(good, stack="dev")
    assert list(CONFIG.iter_errors(good)) == []


def _stack_file(config: dict[str, object]) -> dict[str, object]:
    return {"encryptionsalt": "v1:x", "config": {"cloudflare-scim:scim": OKTA} | config}


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({}, True),
        ({"okta:orgName": "example"}, True),
        ({"okta:apiToken": {"secure": "AAAB"}}, True),
        ({"okta:apiToken": "plain"}, False),
        ({"azuread:clientSecret": "plain"}, False),
        ({"scim": {}}, False),
        ({"cloudflare-scim:roleModel": "userGroups"}, False),
    ],
)
def test_a_stack_file_around_the_object(config: dict[str, object], valid: bool) -> None:
    assert STACK_FILE.is_valid(_stack_file(config)) is valid


def test_a_stack_file_needs_the_object() -> None:
    assert not STACK_FILE.is_valid({"config": {"okta:orgName": "example"}})


STACK_FILES = sorted([*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/Pulumi.*.yaml")])


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_every_stack_file_names_the_schema_and_satisfies_it(path: Path) -> None:
    first, _, rest = path.read_text().partition("\n")
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / name).resolve() == ROOT / "schema" / "stack.schema.json"
    assert list(STACK_FILE.iter_errors(yaml.safe_load(rest))) == []


def test_the_command_prints_them() -> None:
    for extra, schema in ((), config_schema()), (("--stack-file",), stack_file_schema()):
        command = [sys.executable, "-m", "cfscim", "schema", *extra]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == schema
