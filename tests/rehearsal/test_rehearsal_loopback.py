"""A rehearsal touches this machine only: any other endpoint is refused before the first request."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.rehearsal import Rehearsal
from cfscim.rehearsal.loopback import require_loopback, require_loopback_url
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import rehearsal, requests

REAL = {
    "CLOUDFLARE_BASE_URL": "https://api.cloudflare.com/client/v4",
    "OKTA_HTTP_PROXY": "http://proxy.example.com:3128",
    "ARM_METADATA_HOSTNAME": "management.azure.com",
}


@pytest.mark.parametrize("variable", REAL)
def test_one_real_endpoint_is_enough_to_refuse(
    sandbox: Sandbox, admin: httpx.Client, variable: str
) -> None:
    env = {**sandbox.env, variable: REAL[variable]}
    with pytest.raises(ScimError) as refused:
        Rehearsal("dev", env, progress=lambda _line: None).update(stack_config())
    assert variable in str(refused.value)
    assert "\n" not in str(refused.value)
    assert requests(admin) == []


@pytest.mark.parametrize("variable", REAL)
def test_an_endpoint_left_out_is_the_real_one(sandbox: Sandbox, variable: str) -> None:
    env = {name: value for name, value in sandbox.env.items() if name != variable}
    with pytest.raises(ScimError, match=variable):
        Rehearsal("dev", env, progress=lambda _line: None).update(stack_config())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cloudflare:baseUrl", "https://api.cloudflare.com/client/v4"),
        ("okta:httpProxy", "http://10.0.0.1:8080"),
        ("azuread:metadataHost", "127.0.0.1.example.com:443"),
    ],
)
def test_the_stack_s_own_config_comes_before_the_environment(
    sandbox: Sandbox, key: str, value: str
) -> None:
    with pytest.raises(ScimError, match="rehearsal"):
        rehearsal(sandbox).update({**stack_config(), key: value})


@pytest.mark.parametrize(
    "sign_in",
    [
        {"ARM_USE_MSI": "true"},
        {"ARM_USE_CLI": "true"},
        {
            "ARM_USE_OIDC": "true",
            "ARM_OIDC_REQUEST_URL": "https://x.example.com/t",
            "ARM_OIDC_REQUEST_TOKEN": "t",
        },
    ],
)
def test_a_sign_in_that_asks_another_host_is_refused(
    sandbox: Sandbox, sign_in: dict[str, str]
) -> None:
    env = {**sandbox.env, **sign_in}
    require_loopback({}, env)
    del env["ARM_CLIENT_SECRET"]
    with pytest.raises(ScimError, match="the Entra sign-in"):
        require_loopback({}, env)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:1", "[::1]:443"])
def test_loopback_has_three_spellings(sandbox: Sandbox, host: str) -> None:
    env = {**sandbox.env, "CLOUDFLARE_BASE_URL": f"http://{host}/client/v4"}
    require_loopback({}, {**env, "OKTA_HTTP_PROXY": f"http://{host}"})


def test_an_address_that_only_the_metadata_names_is_checked_too() -> None:
    require_loopback_url("http://127.0.0.1:8080", "Microsoft Graph")
    with pytest.raises(ScimError, match=r"Microsoft Graph is graph\.microsoft\.com"):
        require_loopback_url("https://graph.microsoft.com", "Microsoft Graph")


def test_destroy_is_held_to_the_same(sandbox: Sandbox) -> None:
    env = {**sandbox.env, "CLOUDFLARE_BASE_URL": REAL["CLOUDFLARE_BASE_URL"]}
    with pytest.raises(ScimError, match="CLOUDFLARE_BASE_URL"):
        Rehearsal("dev", env, progress=lambda _line: None).destroy()
