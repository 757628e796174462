"""The providers' own settings in a stack file decide where credentials go: the approver sees them."""

from pathlib import Path

import pytest
import yaml

from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, planned
from tests.review.gallery_scenarios import entra

ELSEWHERE = "https://api.cloudflare.example.net/client/v4"
TENANT = "11111111-2222-3333-4444-555555555555"
SECURE = {"secure": "AAABAKbf7yN1"}


def _write(folder: Path, settings: dict[str, object]) -> None:
    content = {"config": {"cloudflare-scim:scim": entra(), **settings}}
    (folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    return tmp_path


def test_another_address_and_tenant_are_the_first_risk(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(stack, {"azuread:tenantId": TENANT[::-1]})
    commit(stack)
    _write(stack, {"azuread:tenantId": TENANT, "cloudflare:baseUrl": ELSEWHERE})
    review = planned(capsys, stack="prod", against="main")["review"]
    assert review["risks"][0]["kind"] == "provider-settings"
    assert f"azuread:tenantId is {TENANT} (was {TENANT[::-1]})" in review["risks"][0]["text"]
    assert f"cloudflare:baseUrl is {ELSEWHERE} (was not given)" in review["risks"][0]["text"]
    assert run(Request(stack="prod", output="markdown", against="main")) == 0
    text = capsys.readouterr().out
    first = text[text.index("### Look at this first") :].splitlines()[2]
    assert first.startswith("- **Vendors are reached in another way:**")
    assert f"- `cloudflare:baseUrl`: `not given` → `{ELSEWHERE}`." in text


def test_a_new_stack_says_where_it_goes(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(stack)
    _write(stack, {"cloudflare:baseUrl": ELSEWHERE})
    kinds = [
        one["kind"] for one in planned(capsys, stack="prod", against="main")["review"]["risks"]
    ]
    assert "provider-settings" in kinds


def test_an_encrypted_credential_is_named_and_not_shown(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(stack, {})
    commit(stack)
    _write(stack, {"azuread:clientSecret": SECURE})
    review = planned(capsys, stack="prod", against="main")["review"]
    assert "azuread:clientSecret is [secret] (was not given)" in review["risks"][0]["text"]
    assert SECURE["secure"] not in str(review)


def test_the_same_settings_are_no_change(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(stack, {"azuread:tenantId": TENANT})
    commit(stack)
    assert planned(capsys, stack="prod", against="main")["review"]["risks"] == []
