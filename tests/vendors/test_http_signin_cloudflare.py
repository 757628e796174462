"""Signing in to Cloudflare, and the stand-in for api.cloudflare.com on loopback."""

import pytest

from cfscim.config.messages import MissingError, ScimError
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.cloudflare.signin import cloudflare_http, reachable, token_http
from tests.vendors.http_kit import Vendor, reply

URL = "https://api.cloudflare.com/client/v4/accounts/a/scim/v2"
LOOPBACK = {"CLOUDFLARE_BASE_URL": "http://127.0.0.1:8080/client/v4"}


@pytest.mark.parametrize(
    ("config", "env", "headers"),
    [
        ({}, {"CLOUDFLARE_API_TOKEN": "t"}, {"authorization": "Bearer t"}),
        (
            {"cloudflare:apiToken": "u"},
            {"CLOUDFLARE_API_TOKEN": "t"},
            {"authorization": "Bearer u"},
        ),
        (
            {},
            {"CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_EMAIL": "a@b.c"},
            {"x-auth-key": "k", "x-auth-email": "a@b.c"},
        ),
        (
            {"cloudflare:apiKey": "k", "cloudflare:email": "a@b.c"},
            {"CLOUDFLARE_API_TOKEN": ""},
            {"x-auth-key": "k", "x-auth-email": "a@b.c"},
        ),
    ],
)
def test_the_providers_order(
    config: dict[str, str], env: dict[str, str], headers: dict[str, str]
) -> None:
    vendor = Vendor(reply(200))
    cloudflare_http(config, env, transport=vendor).get("/user")
    request = vendor.requests[0]
    assert str(request.url) == "https://api.cloudflare.com/client/v4/user"
    sent = {
        k: v
        for k, v in request.headers.items()
        if k in ("authorization", "x-auth-key", "x-auth-email")
    }
    assert sent == headers


def test_another_base_address() -> None:
    vendor = Vendor(reply(200))
    config = {"cloudflare:baseUrl": "https://proxy.example/v4/"}
    token_http(config, LOOPBACK, "t", transport=vendor).get("/user")
    assert str(vendor.requests[0].url) == "https://proxy.example/v4/user"


@pytest.mark.parametrize(
    ("env", "names"),
    [({}, "CLOUDFLARE_API_TOKEN"), ({"CLOUDFLARE_API_KEY": "k"}, "CLOUDFLARE_EMAIL")],
)
def test_what_is_missing_is_named(env: dict[str, str], names: str) -> None:
    with pytest.raises(MissingError, match=names):
        cloudflare_http({}, env)


def test_a_token_never_travels_in_clear() -> None:
    env = {"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": "http://proxy.example/v4"}
    with pytest.raises(ScimError, match="unencrypted"):
        cloudflare_http({}, env)


def test_only_loopback_stands_in_for_cloudflare() -> None:
    assert reachable(URL, {}, LOOPBACK) == "http://127.0.0.1:8080/client/v4/accounts/a/scim/v2"
    assert reachable(URL, {}, {}) == URL
    elsewhere = {"CLOUDFLARE_BASE_URL": "https://proxy.example/client/v4"}
    assert reachable(URL, {}, elsewhere) == URL
    assert reachable("https://other.example/x", {}, LOOPBACK) == "https://other.example/x"


def test_the_endpoint_is_asked_with_its_own_token() -> None:
    vendor = Vendor(reply(200, {"totalResults": 0}))
    with ScimEndpoint.from_settings(
        {}, {}, base_url=URL, token="idp-token", transport=vendor
    ) as scim:
        assert scim.users_page(user_name='a"b@c.d').resources == ()
    request = vendor.requests[0]
    assert request.headers["Authorization"] == "Bearer idp-token"
    assert request.url.params["filter"] == 'userName eq "a\\"b@c.d"'
    assert request.headers["Accept"].startswith("application/scim+json")
