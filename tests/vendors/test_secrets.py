"""Secrets are masked in every form in which a vendor may repeat them; odd proxies and tokens."""

import base64
from collections.abc import Callable

import httpx
import pytest

from cfscim.config.messages import MissingError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import require_proxy
from cfscim.vendors.secrets import mask

CLOUDFLARE = "cfat_" + "a1B2c3D4" * 5
OKTA = "00" + "aB3_dE6-gH" * 4
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "the first cut off": lambda secret: secret[1:],
    "the last cut off": lambda secret: secret[:-1],
    "capitals and cut": lambda secret: secret.upper()[:-1],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 without its end": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 after a name": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "base64 after two": lambda secret: base64.b64encode(f"ab:{secret}:x".encode()).decode(),
}


def traces(secret: str, text: str) -> list[str]:
    """Every run of eight characters of the secret, or of its Base64, that is still in the text."""
    coded = [base64.b64encode(b"\0" * shift + secret.encode()).decode()[4:-4] for shift in range(3)]
    runs = {form[i : i + 8] for form in (secret, *coded) for i in range(len(form) - 7)}
    return sorted(run for run in runs if run.lower() in text.lower())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", ["a-Secret+of/nobody's shape"[:18], CLOUDFLARE, OKTA])
def test_a_known_secret_is_masked_in_every_form(form: str, secret: str) -> None:
    said = mask(f"the token '{FORMS[form](secret)}' was refused", [secret])
    assert traces(secret, said) == []
    assert said.startswith("the token '")
    assert said.endswith("' was refused")


def _in_two(text: str) -> str:
    return f"{text[:16]}\n{text[16:]}"


SHAPELESS = "Zq7~Canary.Xy9+Canary/Wv8=Canary"
PARTS: dict[str, Callable[[str], str]] = {
    "one cut out": lambda secret: secret[:20] + secret[21:],
    "two cut off at each end": lambda secret: secret[2:-2],
    "the first half": lambda secret: secret[: len(secret) // 2],
    "the second half in capitals": lambda secret: secret[len(secret) // 2 :].upper(),
    "on two lines": lambda secret: _in_two(secret),
    "base64 in capitals": lambda secret: base64.b64encode(secret.upper().encode()).decode(),
    "base64 of what is cut": lambda secret: base64.b64encode(secret[:-1].encode()).decode(),
    "base64 on two lines": lambda secret: _in_two(base64.b64encode(secret.encode()).decode()),
}


@pytest.mark.parametrize("form", PARTS)
@pytest.mark.parametrize("secret", [SHAPELESS, CLOUDFLARE, OKTA])
def test_a_part_of_a_known_secret_is_masked(form: str, secret: str) -> None:
    said = mask(f"the token '{PARTS[form](secret)}' was refused", [secret])
    assert traces(secret, said) == traces(secret.upper(), said) == []
    assert said.startswith("the token '")
    assert said.endswith("' was refused")


def test_of_a_key_only_the_key_is_masked() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{'aB3+' * 16}\n-----END PRIVATE KEY-----"
    said = mask(f"this is no PRIVATE KEY for END users: {'aB3+' * 16}", [key])
    assert said == "this is no PRIVATE KEY for END users: [secret]"


@pytest.mark.parametrize(
    "form", [form for form in FORMS if form not in ("in small letters", "the first cut off")]
)
def test_a_cloudflare_token_is_masked_by_its_shape_alone(form: str) -> None:
    assert traces(CLOUDFLARE, mask(f"got {FORMS[form](CLOUDFLARE)}.")) == []


@pytest.mark.parametrize(
    "text",
    [
        "group 01J8ZC6K2M1T is not here",
        "0123456789abcdef0123456789abcdef: authentication failed",
        "https://acme-admin.okta.com/admin/app/scim2testapp/instance/0oa1b2c3d4e5f6g7h8i9/",
        "commit e3986e7dc7eb63dd65dd1d44c40e0748725fcc9b",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert mask(text, ["some-other-secret"]) == text


@pytest.mark.parametrize(
    "proxy", ["http://proxy:3128", "https://u:p@proxy.acme.com", "http://[::1]:8"]
)
def test_a_proxy_by_http_or_https_is_taken_as_it_is(proxy: str) -> None:
    assert require_proxy(proxy) == proxy


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "user:hunter2@proxy:3128",
        "socks5://user:hunter2@proxy",
        "ftp://proxy",
        "http://",
        "http://user:hunter2@proxy:port",
        "//proxy",
        "http://user:hunter2@pröxy",
    ],
)
def test_any_other_proxy_ends_in_one_line_without_who_signs_in(proxy: str) -> None:
    with pytest.raises(MissingError) as caught:
        require_proxy(proxy)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "user" not in str(caught.value)


@pytest.mark.parametrize("token", ["tökén", "a\u200bb", "a\nb"])
def test_a_token_that_no_header_can_carry_ends_in_one_line(token: str) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={}))
    client = httpx.Client(transport=transport)
    http = HttpClient(
        "Cloudflare",
        "https://api.cloudflare.com",
        client,
        authorize=lambda _method, _url: {"Authorization": f"Bearer {token}"},
        credentials="CLOUDFLARE_API_TOKEN",
    )
    with (
        http,
        pytest.raises(MissingError, match="CLOUDFLARE_API_TOKEN: it holds a character") as caught,
    ):
        http.get("/")
    assert token not in str(caught.value)
