"""An error is one line: vendor, method and path; what was answered; why; what to do. No secret."""

import httpx
import pytest

from cfscim.config.messages import RemoteError
from cfscim.vendors.errors import AnswerError, vendor_says
from cfscim.vendors.http import Call
from cfscim.vendors.retries import Policy
from tests.vendors.http_kit import Vendor, client, reply

TOKEN = "an-unusual-secret-0"
ONCE = Policy(attempts=1)


def failure(answer: httpx.Response | Exception, call: Call | None = None) -> AnswerError:
    http = client(Vendor(answer), policy=ONCE, headers={"Authorization": f"Bearer {TOKEN}"})
    with pytest.raises(AnswerError) as caught:
        http.send(call or Call("GET", "/v1/things/7", {"filter": "secret-in-query"}))
    assert isinstance(caught.value, RemoteError)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not found"),
        (409, "conflict"),
        (410, "not found"),
        (412, "conflict"),
        (422, "rejected"),
        (429, "throttled"),
        (500, "unavailable"),
        (503, "unavailable"),
        (302, "malformed"),
    ],
)
def test_every_status_has_its_kind(status: int, kind: str) -> None:
    error = failure(reply(status))
    assert (error.kind, error.status) == (kind, status)
    assert str(error).startswith(f"Vendor GET /v1/things/7: answered {status}")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {
                "errorCode": "E1",
                "errorSummary": "Api validation failed: feature",
                "errorCauses": [{"errorSummary": "Provisioning is not enabled."}],
            },
            "Api validation failed: feature Provisioning is not enabled.",
        ),
        ({"error": {"code": "X", "message": "No such job."}}, "No such job."),
        (
            {"success": False, "errors": [{"code": 1003, "message": "Invalid or missing"}]},
            "Invalid or missing",
        ),
        ({"schemas": [], "status": "409", "detail": "exists", "scimType": "uniqueness"}, "exists"),
        (
            {"error": "invalid_client", "error_description": "no such client"},
            "invalid_client no such client",
        ),
    ],
)
def test_every_vendors_own_words_are_found(body: dict[str, object], says: str) -> None:
    assert f'answered 400, "{says}"' in str(failure(reply(400, body)))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"errorCode": "E0000007"}, "E0000007"),
        ({"error": {"code": "Request_X"}}, "Request_X"),
        ({"errors": [{"code": 1003}]}, "1003"),
        ({"error": "use_dpop_nonce"}, "use_dpop_nonce"),
        ({"scimType": "uniqueness"}, "uniqueness"),
        ([1], ""),
        (None, ""),
    ],
)
def test_every_vendors_code_is_found(body: object, code: str) -> None:
    assert failure(httpx.Response(400, json=body)).code == code


def test_long_answers_are_cut_and_stay_on_one_line() -> None:
    says = vendor_says({"detail": "long\nlines\x1b[31m " * 100})
    assert len(says) == 200
    assert says.isprintable()


@pytest.mark.parametrize(
    "leak",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        "an%2Dunusual",
        "SSWS 00abc123",
        "client_secret=abc8Q~x",
        "cfat_0123456789abcdef0123456789abcdef01234567",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----",
    ],
)
def test_secrets_in_an_answer_are_masked(leak: str) -> None:
    error = failure(reply(400, {"detail": f"wrong: {leak} !"}))
    if leak != "an%2Dunusual":
        assert "[secret]" in str(error)
        assert "[secret]" in error.says
    for part in (TOKEN, "00abc123", "abc8Q~x", "89abcdef", "eyJzdWIi", "MIIEvgIBADAN"):
        assert part not in str(error) + error.says + repr(error)


def test_the_query_is_never_repeated() -> None:
    assert "secret-in-query" not in str(failure(reply(400)))


def test_a_missing_permission_is_named() -> None:
    error = failure(reply(403), Call("GET", "/v1/x", needs="okta.apps.read"))
    assert str(error).endswith("lack a permission; grant okta.apps.read (docs/permissions.md)")


def test_wrong_credentials_say_where_they_come_from() -> None:
    assert str(failure(reply(401))).endswith("; check VENDOR_TOKEN")


def test_the_caller_says_why_and_what_to_do() -> None:
    error = failure(reply(400), Call("POST", "/v1/x", why="nobody gets in", instead="do this"))
    assert str(error) == "Vendor POST /v1/x: answered 400; nobody gets in; do this"


def test_a_redirect_is_not_followed() -> None:
    vendor = Vendor(reply(302, Location="https://elsewhere.example/?t=1"))
    with pytest.raises(AnswerError) as caught:
        client(vendor, headers={"Authorization": TOKEN}).get("/x")
    assert "to elsewhere.example, which is not followed with credentials" in str(caught.value)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (httpx.ReadTimeout("x"), "timeout"),
        (httpx.WriteTimeout("x"), "timeout"),
        (httpx.RemoteProtocolError("x"), "unavailable"),
        (httpx.ReadError("x"), "unavailable"),
        (httpx.DecodingError("x"), "unavailable"),
        (httpx.ConnectTimeout("x"), "unreachable"),
    ],
)
def test_every_broken_connection_has_its_kind(trouble: Exception, kind: str) -> None:
    assert failure(trouble).kind == kind


@pytest.mark.parametrize("content", [b"<html>proxy</html>", b'{"cut": ', b"\xff\xfe", b"[" * 9999])
def test_what_is_not_json_is_malformed(content: bytes) -> None:
    error = failure(httpx.Response(200, content=content))
    assert (error.kind, error.status) == ("malformed", None)


def test_an_answer_without_a_body_is_fine() -> None:
    assert client(Vendor(httpx.Response(204))).send(Call("POST", "/x")).body is None
