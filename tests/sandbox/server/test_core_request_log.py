"""The request log has every request and no secret."""

import hashlib
import json

import httpx

from sandbox.server.request_log import MASK, Masker, RequestLog
from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.cloudflare.cloudflare_api import (
    SCIM_PROVISIONING,
    account_client,
    account_token,
    client,
    scim_client,
    scim_user,
)

CANARY = "canary-0123456789-canary"


def _log(admin: httpx.Client) -> list[dict[str, object]]:
    return admin.get("requests").json()


def test_a_request_is_described(sandbox: Sandbox, admin: httpx.Client) -> None:
    client(sandbox).get("/accounts", params={"page": 1})
    [entry] = _log(admin)
    assert entry == {
        "number": 1,
        "method": "GET",
        "path": "/client/v4/accounts",
        "query": {"page": "1"},
        "vendor": "cloudflare",
        "status": 200,
        "body": None,
    }


def test_no_credential_is_kept_wherever_it_is_sent(sandbox: Sandbox, admin: httpx.Client) -> None:
    value = account_token(sandbox, SCIM_PROVISIONING)["value"]
    operator = sandbox.env["CLOUDFLARE_API_TOKEN"]
    caller = scim_client(sandbox, value)
    caller.post("/Users", json=scim_user("ada@example.com", displayName=f"x {value} y"))
    caller.get("/Users", params={"filter": f'userName eq "{value}"'})
    caller.get(f"/Users/{value}")
    caller.post("/Users", json={value: 1})
    invented = "invented-credential-of-a-caller"
    client(sandbox, invented).get(f"/{invented}/{operator}")
    kept = json.dumps(_log(admin))
    assert MASK in kept
    for secret in (value, operator, invented):
        assert secret not in kept


def test_secret_keys_are_masked_in_any_nesting(sandbox: Sandbox, admin: httpx.Client) -> None:
    body = {
        "name": "kept",
        "token": CANARY,
        "value": [
            {"key": "SecretToken", "value": CANARY},
            {"key": "BaseAddress", "value": "https://example.com"},
        ],
        "profile": {"Bearer": CANARY, "list": [{"client_secret": CANARY, "password": CANARY}]},
        "client_assertion": CANARY,
        "active": True,
    }
    client(sandbox).post("/nowhere", json=body)
    PLAIN.post(
        sandbox.world.http_base + "/x/oauth2/v2.0/token",
        data={"client_id": "kept too", "client_secret": CANARY},
    )
    kept = _log(admin)
    assert CANARY not in json.dumps(kept)
    shown = kept[0]["body"]
    assert isinstance(shown, dict)
    assert shown["name"] == "kept"
    assert shown["value"][1]["value"] == "https://example.com"
    form = kept[1]["body"]
    assert form == {"client_id": "kept too", "client_secret": MASK}


def test_scim_values_are_no_secrets(sandbox: Sandbox, admin: httpx.Client) -> None:
    scim_client(sandbox).post("/Users", json=scim_user("ada@example.com"))
    body = _log(admin)[-1]["body"]
    assert isinstance(body, dict)
    assert body["emails"][0]["value"] == "ada@example.com"


def test_what_is_no_json_is_not_kept(sandbox: Sandbox, admin: httpx.Client) -> None:
    client(sandbox).post("/user/tokens", content=CANARY.encode())
    assert CANARY not in json.dumps(_log(admin))


def test_what_has_the_form_of_a_token_is_masked_though_unknown() -> None:
    unknown = "cfat_" + "a" * 40
    assert Masker().body({"note": [f"see {unknown}!"]}) == {"note": [f"see {MASK}!"]}


def test_an_issued_secret_is_masked_inside_a_text_and_what_is_too_short_is_not() -> None:
    masker = Masker()
    masker.hide([CANARY, "short"])
    assert masker.text(f"x{CANARY}y, short") == f"x{MASK}y, short"


def test_a_secret_known_by_its_hash_only_is_masked() -> None:
    masker = Masker()
    masker.hide_hash(hashlib.sha256(CANARY.encode()).hexdigest())
    assert masker.body({"note": CANARY, "other": "x"}) == {"note": MASK, "other": "x"}


def test_the_admin_api_is_not_logged(admin: httpx.Client) -> None:
    admin.get("state")
    assert _log(admin) == []


def test_the_log_is_bounded(sandbox: Sandbox) -> None:
    from werkzeug.test import EnvironBuilder
    from werkzeug.wrappers import Request

    log = RequestLog()
    request = Request(EnvironBuilder(path="/v1.0/me").get_environ())
    for _ in range(20_010):
        log.add(request, "entra")
    entries = log.entries()
    assert (len(entries), entries[0]["number"]) == (20_000, 11)


def test_a_huge_body_is_cut(sandbox: Sandbox, admin: httpx.Client) -> None:
    account_client(sandbox).post("/members", json={"email": "x" * 200_000})
    assert len(str(_log(admin)[-1]["body"])) < 70_000
