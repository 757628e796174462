"""Settings beside the object: those of the pinned SDKs, and an answer to every near miss."""

import importlib.util
import re
from pathlib import Path

import pytest

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
