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
