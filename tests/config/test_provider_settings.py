"""Settings beside the object: those of the pinned SDKs, and an answer to every near miss."""

import importlib.util
import re
import time
from pathlib import Path

import pytest
import yaml

from cfscim.config.project import document_problems, stack_settings
from cfscim.config.provider_settings import SETTINGS, near_misses
from cfscim.config.stack_file import check_stack_file

STACKS = Path(__file__).parent / "stacks"


@pytest.mark.parametrize("provider", SETTINGS)
def test_the_settings_are_those_of_the_pinned_sdk(provider: str) -> None:
    spec = importlib.util.find_spec(f"pulumi_{provider}")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "config" / "vars.py").read_text()
    found = re.findall(r"__config__\.get(?:_\w+)?\('(\w+)'\)", source)
    assert set(SETTINGS[provider]) == set(found)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("okta:orgname", "okta:orgName"),
        ("okta:api_token", "okta:apiToken"),
        ("Okta:orgName", "okta:orgName"),
        ("cloudfare:apiToken", "cloudflare:apiToken"),
        ("entra:tenantId", "azuread:tenantId"),
        ("azuread:tennantId", "azuread:tenantId"),
        ("azuread:nothing", None),
    ],
)
def test_a_near_miss_is_answered_with_what_was_meant(
    tmp_path: Path, given: str, meant: str | None
) -> None:
    text = (STACKS / "contract-okta.yaml").read_text()
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text.replace("config:\n", f"config:\n  {given}: hunter2\n", 1))
    problems = check_stack_file(file).problems
    (problem,) = (one for one in problems if "no setting of the provider" in one.what)
    assert (problem.where.path, problem.where.line) == (given, 2)
    assert problem.instead == (f"write {meant}" if meant else "remove it")
    assert not [one for one in problems if "hunter2" in str(one)]


@pytest.mark.parametrize(
    "given", ["aws:region", "okta:orgName", "other:thing", "cloudflare-scim:scim"]
)
def test_what_is_nobody_s_slip_is_left_alone(given: str) -> None:
    assert list(near_misses({given: "x"})) == []


HIDDEN = "hunter2hunter2"
AT = f"reader:{HIDDEN}@proxy.example:3128"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            (key, HIDDEN)
            for key in (
                *("aws:secretKey", "github:token", "vault:password", "azure-native:clientSecret"),
                *("x:passphrase", "x:private_key", "x:credentials", "x:connectionString"),
            )
        ),
        *(("x:token", value) for value in ([HIDDEN], {"a": [HIDDEN]})),
        *(("x:y", value) for value in (AT, [AT], {"value": f"https://{AT}"}, f"HTTPS://{AT}/")),
        ("okta:httpProxy", AT),
        ("okta:httpProxy", f"{HIDDEN}@proxy.example:3128"),
        ("azuread:metadataHost", f"{HIDDEN}@vendor.example"),
        ("cloudflare:baseUrl", f"https:/{AT}"),
        ("cloudflare:baseUrl", f"https:\\\\{AT}"),
        ("cloudflare:baseUrl", f"https://vendor.example/?x=1&api_token={HIDDEN}"),
        ("secretsprovider", f"hashivault://key?token={HIDDEN}"),
        ("secretsprovider", f"hashivault://{AT}/key"),
    ],
)
def test_a_credential_is_found_by_its_place_or_name_and_not_repeated(
    tmp_path: Path, key: str, value: object
) -> None:
    document = yaml.safe_load((STACKS / "contract-okta.yaml").read_text())
    (document if ":" not in key else document["config"])[key] = value
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(yaml.safe_dump(document))
    problems = check_stack_file(file).problems
    assert [one.where.path for one in problems if one.secret] == [key]
    assert HIDDEN not in "".join(map(str, problems))
    assert HIDDEN not in str(stack_settings(document).shown)


def test_an_address_without_a_user_is_none() -> None:
    for key, value in {
        "other:x": "mailto:ada@example.com",
        "aws:region": "eu-west-1",
        "other:y": "azblob://state?storage_account=x",
        "other:z": "https://vendor.example/@page",
    }.items():
        assert not list(document_problems({"config": {key: value}})), key


def test_a_long_value_is_searched_in_time() -> None:
    for part in ("a", "a:b", "?a", ",a:b", "a.", "?token", "a:/x"):
        begun = time.monotonic()
        list(document_problems({"config": {"x:y": part * 200_000}}))
        assert time.monotonic() - begun < 3, part
