"""A stack's outputs: what is missing is named, and the token's value never stands in a message."""

import json

import pytest

from cfscim.config.messages import MissingError
from cfscim.config.models import parse_config
from cfscim.verify import read_outputs
from tests.configs import config_object

TOKEN = "cfat_" + "s3cret" * 7
ROLES = (
    "Administrator Read Only",
    "Administrator",
    "Billing",
    "Super Administrator - All Privileges",
)


def _outputs(**changes: object) -> dict[str, object]:
    groups = {role: {"name": role, "identityProviderGroupId": "00g1"} for role in ROLES}
    return {
        "scimBaseUrl": "https://api.cloudflare.com/client/v4/accounts/0/scim/v2",
        "tokenId": "t1",
        "tokenValue": TOKEN,
        "applicationId": "0oa1",
        "roleGroups": groups,
        "warnings": [],
        **changes,
    }


def _read(value: object, kind: str = "okta"):
    config = parse_config(config_object(kind), stack="dev")
    text = value if isinstance(value, str) else json.dumps(value)
    return read_outputs(text, config, source="the outputs")


def test_the_tokens_value_is_hidden_at_once() -> None:
    found = _read(_outputs())
    assert found.token_value.get_secret_value() == TOKEN
    assert TOKEN not in repr(found) + str(found)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no stack outputs"),
        ("{}", "pulumi up"),
        (_outputs(tokenValue="[secret]"), "--show-secrets"),
        (_outputs(tokenValue=""), "--show-secrets"),
        (_outputs(tokenId=None), "tokenId"),
        (_outputs(tokenValue=[TOKEN]), "tokenValue"),
        (_outputs(roleGroups={}), "Administrator Read Only"),
        (_outputs(roleGroups={"Admin": {}}), "roleGroups"),
    ],
)
def test_what_is_missing_is_named_in_one_line(value: object, words: str) -> None:
    with pytest.raises(MissingError) as raised:
        _read(value)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_entra_needs_its_job() -> None:
    with pytest.raises(MissingError, match="synchronizationJobId"):
        _read(_outputs(), "entra")
    more = {"servicePrincipalId": "sp", "synchronizationJobId": "job"}
    assert _read(_outputs(**more), "entra").synchronization_job_id == "job"
