"""The token's value, followed through a whole run: it appears nowhere but where it belongs."""

import json

import httpx
import pytest

from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_the_token_value_appears_nowhere(
    kind: str,
    sandbox: Sandbox,
    admin: httpx.Client,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    lines: list[str] = []
    run = rehearsal(sandbox, lines)
    confirmed = {"apiIntegrationConfirmed": True} if kind == "okta" else {}
    unconfirmed = {"apiIntegrationConfirmed": False} if kind == "okta" else {}
    result = run.update(stack_config(kind, **unconfirmed))
    if kind == "okta":
        do_console_steps(admin, result)
        run.update(stack_config(kind, **confirmed))
    admin.post("cycle").raise_for_status()
    assert result.token_value is not None
    canary = result.token_value.get_secret_value()
    assert len(canary) > 40

    printed = capsys.readouterr()
    places = {
        "progress": "\n".join(lines),
        "stdout": printed.out,
        "stderr": printed.err,
        "log records": "\n".join(record.getMessage() for record in caplog.records),
        "outputs": json.dumps(dict(result.outputs), default=str),
        "declared resources": repr(result.declared),
        "the result's own text": repr(result),
        "request log": admin.get("requests").text,
        "sandbox state": admin.get("state").text,
    }
    assert result.outputs["tokenValue"] == "[secret]"
    assert [name for name, text in places.items() if canary in text] == []
    if kind == "entra":
        # The test would see it: it really went over the wire to the identity provider.
        assert "[secret]" in places["request log"]


def test_an_error_after_the_token_was_made_does_not_tell_it(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    run = rehearsal(sandbox)
    fault = {"kind": "500", "method": "PUT", "path": r".*/synchronization/secrets", "times": 9}
    admin.post("faults", json=fault).raise_for_status()
    with pytest.raises(ScimError) as caught:
        run.update(stack_config("entra"))
    text = repr(caught.value) + str(caught.value)
    made = admin.get("state").json()["cloudflare"]["tokens"]
    assert "cloudflare-scim-dev" in {token["name"] for token in made}
    # Every value of an account's token begins with this.
    assert "cfat_" not in text
