"""What looks like a credential is masked wherever a message would repeat it."""

import time

import pytest

from cfscim.config.credentials import MASK, looks_secret, shown, without_credentials
from cfscim.config.messages import Where

SECRET = [
    "cfut_0123456789abcdef",
    "a cfat_" + "a1B2" * 10 + " in a sentence",
    "00abcdefghijklmnopqrstuvwxyz0123456789ABCD",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    "abc8Q~0123456789abcdefghijklmnopqrstuv",
    "v1xPlaceholderT0kenOfTheOldCloudflare0Fo",
    "pul-0123456789abcdef0123456789abcdef01234567",
]
PLAIN = [
    "",
    "ada@example.com",
    "0123456789abcdef0123456789abcdef",
    "5f0c7c59-3d0b-4f6e-9a3e-2b7d41c8e0a1",
    "CF-0123456789abcdef0123456789abcdef - Super Administrator - All Privileges",
    "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/scim/v2",
    "a sentence about tokens, which is rather longer than forty characters and has 1 digit",
    "x" * 200,
]


@pytest.mark.parametrize("text", SECRET)
def test_credentials_are_known_by_their_shape_and_never_shown(text: str) -> None:
    assert looks_secret(text)
    assert shown(text) == MASK
    assert Where(("roles", text, 0)).path == f"roles.{MASK}[0]"


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_are_shown(text: str) -> None:
    assert not looks_secret(text)
    assert shown(text).strip('"')[:9] == text[:9]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        ({"token": "x"}, "a mapping"),
        (["x"], "a list"),
        (("x",), "a value"),
        ("x" * 61, '"' + "x" * 57 + '..."'),
    ],
)
def test_other_values_are_named_and_long_ones_cut(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("part", ["eyJ", "cfat_", "-----BEGIN ", "pul-", "Q~", "xoxb-", "://a@"])
def test_a_long_text_is_searched_in_time(part: str) -> None:
    begun = time.monotonic()
    without_credentials(part * (300_000 // len(part)))
    assert time.monotonic() - begun < 3
