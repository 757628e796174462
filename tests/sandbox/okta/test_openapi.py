"""Every answer of the Okta stand-in fits Okta's own OpenAPI document.

All Okta tests check each answer as it comes (``okta_support._check``); here the check itself is
tried, and every operation that the stand-in shares with the document is called at least once.
"""

import re

import httpx
import pytest

from sandbox.okta.routes import router
from tests.sandbox.okta import okta_openapi
from tests.sandbox.okta.okta_support import Okta, Target

pytestmark = pytest.mark.skipif(
    okta_openapi.document() is None, reason=f"no copy of Okta's OpenAPI at {okta_openapi.SPEC}"
)

# In the document, not in the stand-in: nothing in this project calls them.
LEFT_OUT = {
    "group rules": "/groups/rules",
    "organisation": "/api/v1/org",
    "keys": "default/jwks",
    "passwords and factors": "/lifecycle/(expire_|reset_|unlock)",
    "rules of a membership": "group-rules$",
}


def test_the_check_finds_what_is_wrong() -> None:
    def found(body: object) -> list[str]:
        return okta_openapi.problems("GET", "/api/v1/groups/00g1", 200, body)

    assert found({"id": "00g1", "type": "OKTA_GROUP", "created": "2026-01-01T00:00:00Z"}) == []
    assert found({"id": 1})
    assert found({"type": "NO_SUCH_TYPE"})
    assert found({"created": "yesterday"})
    assert okta_openapi.problems("GET", "/api/v1/groups/00g1", 202, {})
    assert okta_openapi.problems("GET", "/api/v1/groups/00g1", 404, {"errorCode": 5})
    app = {"label": "x", "signOnMode": "SAML_2_0", "settings": {"signOn": {"defaultRelayState": 5}}}
    assert okta_openapi.problems("GET", "/api/v1/apps/0oa1", 200, app)


def walk(okta: Okta, target: Target) -> None:
    """Call every shared operation once, successfully."""
    apps, groups, users = "/apps", "/groups", "/users"
    profile = {
        "login": "n@example.com",
        "email": "n@example.com",
        "firstName": "N",
        "lastName": "P",
    }
    person = okta.got(
        "POST", users, {"profile": profile, "credentials": {"password": {"value": "Secret-1"}}}
    )["id"]
    for path in (users, f"{users}/me", f"{users}/{person}/groups"):
        okta.got("GET", path)
    okta.got("POST", f"{users}/{person}", {"profile": {"lastName": "Q"}})
    okta.got("PUT", f"{users}/{person}", {"profile": profile})
    group = okta.group("A", "ada")
    okta.got("GET", groups)
    okta.got("GET", f"{groups}/{group}")
    okta.got("PUT", f"{groups}/{group}", {"profile": {"name": "B"}})
    okta.got("GET", f"{groups}/{group}/users")
    app = f"{apps}/{okta.app('zscalerbyz')}"
    okta.got("GET", apps)
    body = {
        "name": "zscalerbyz",
        "label": "x",
        "signOnMode": "SAML_2_0",
        "credentials": {"userNameTemplate": {"template": "${source.email}"}},
    }
    okta.got("PUT", app, body)
    okta.got("GET", app)
    okta.assign(app.rpartition("/")[2], group)
    okta.got("GET", f"{app}/groups")
    okta.got("GET", f"{app}/groups/{group}")
    okta.got("GET", f"{groups}/{group}/apps")
    okta.got("POST", f"{app}/users", {"id": person})
    okta.got("GET", f"{app}/users")
    okta.got("GET", f"{app}/users/{person}")
    okta.got("POST", f"{app}/users/{person}", {"profile": {}})
    connection = f"{app}/connections/default"
    stored = {"baseUrl": target.url, "profile": {"authScheme": "TOKEN", "token": "target-token-0"}}
    okta.got("POST", connection, stored)
    okta.got("GET", connection)
    okta.got("POST", f"{connection}/lifecycle/activate", status=204)
    okta.got("GET", f"{app}/features")
    feature = f"{app}/features/USER_PROVISIONING"
    okta.got("PUT", feature, {"create": {"lifecycleCreate": {"status": "ENABLED"}}})
    okta.got("GET", feature)
    mapping = okta.push(app.rpartition("/")[2], group, "B")["id"]
    okta.cycle()
    push = f"{app}/group-push/mappings"
    okta.got("GET", push)
    okta.got("GET", f"{push}/{mapping}")
    okta.cycle()
    okta.got("GET", f"{app}/users/{person}")
    okta.console(app.rpartition("/")[2], token="target-token-0123456789")
    okta.cycle()
    okta.got("PATCH", f"{push}/{mapping}", {"status": "INACTIVE"})
    okta.got("DELETE", f"{push}/{mapping}?deleteTargetGroup=true", status=200)
    okta.got("POST", f"{connection}/lifecycle/deactivate", status=204)
    okta.got("DELETE", f"{app}/users/{person}", status=204)
    okta.got("DELETE", f"{app}/groups/{group}", status=204)
    okta.got("GET", "/logs")
    for step in ("deactivate", "activate"):
        okta.got("POST", f"{app}/lifecycle/{step}")
    okta.got("POST", f"{app}/lifecycle/deactivate")
    okta.got("DELETE", app, status=204)
    okta.got("DELETE", f"{groups}/{group}/users/{okta.user('ada')}", status=204)
    okta.got("DELETE", f"{groups}/{group}", status=204)
    for step in ("suspend", "unsuspend", "deactivate", "activate"):
        okta.got("POST", f"{users}/{person}/lifecycle/{step}")
    okta.got("DELETE", f"{users}/{person}", status=204)


def shared_operations() -> set[tuple[str, str]]:
    spec = okta_openapi.document()
    assert spec is not None
    methods = ("get", "post", "put", "patch", "delete")
    found = {
        (m.upper(), path) for path, item in spec["paths"].items() for m in methods if m in item
    }
    out = re.compile("|".join(LEFT_OUT.values()))
    # An assignment is changed by PUT; no user of the stand-in waits for a reactivation.
    spare = {
        ("PATCH", "/api/v1/apps/{appId}/groups/{groupId}"),
        ("POST", "/api/v1/users/{id}/lifecycle/reactivate"),
    }
    return {(method, path) for method, path in found if not out.search(path)} - spare


def test_every_shared_operation_is_called_and_fits(okta: Okta) -> None:
    calls: set[tuple[str, str]] = set()

    def note(response: httpx.Response) -> None:
        request = response.request
        known = okta_openapi.operation(request.method, request.url.path)
        if known is not None:
            calls.add((request.method, known[0]))

    okta.event_hooks["response"].append(note)
    with Target() as target:
        walk(okta, target)
    assert shared_operations() - calls == set()


def test_every_route_of_the_document_exists() -> None:
    rules = [
        (method, re.sub(r"<[^>]+>", "{}", rule.rule))
        for rule in router._map.iter_rules()
        for method in rule.methods or ()
    ]
    for method, path in shared_operations():
        plain = re.sub(r"\{[^}]+\}", "{}", path)
        steps = re.sub(r"(users/\{\}/lifecycle)/\w+", r"\1/{}", plain)
        assert (method, plain) in rules or (method, steps) in rules, (method, path)
