"""Deletes what an answer that was lost left behind: a token whose value nobody knows, a second app.

Source: `DELETE /accounts/{id}/tokens/{id}`, `/user/tokens/{id}` (Cloudflare);
`POST /api/v1/apps/{id}/lifecycle/deactivate`, `DELETE /api/v1/apps/{id}` (Okta).
"""

from collections.abc import Mapping
from urllib.parse import quote

from cfscim.adopt.stack_state import Unfinished
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.okta.signin import okta_http

Settings = Mapping[str, str]


def remove_token(one: Unfinished, token: str, config: Settings, env: Settings) -> None:
    """Deletes a token. Raises `AnswerError`; gone already is as good."""
    account = one.text("accountId")
    base = f"/accounts/{quote(account)}/tokens" if account else "/user/tokens"
    needs = "Account API Tokens Write" if account else "API Tokens Write"
    why = "a token whose value nobody knows would stay beside the new one"
    _send(
        cloudflare_http(config, env),
        Call("DELETE", f"{base}/{quote(token)}", needs=needs, why=why),
    )


def remove_app(_one: Unfinished, app: str, config: Settings, env: Settings) -> None:
    """Deactivates and deletes an app. Raises `AnswerError`; gone already is as good."""
    path = f"/api/v1/apps/{quote(app)}"
    why = "a second app of the same label would stay beside the stack's own"
    _send(
        okta_http(config, env),
        Call(
            "POST",
            f"{path}/lifecycle/deactivate",
            needs="okta.apps.manage",
            why=why,
            repeatable=True,
        ),
        Call("DELETE", path, needs="okta.apps.manage", why=why),
    )


def _send(http: HttpClient, *calls: Call) -> None:
    with http:
        try:
            for call in calls:
                http.send(call)
        except AnswerError as error:
            if error.kind != "not found":
                raise
