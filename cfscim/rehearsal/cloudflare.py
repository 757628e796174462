"""Cloudflare's resources over the calls of terraform-provider-cloudflare 5.22.

Source: internal/services/{api_token,account_token,user_group}: POST, PUT and DELETE of one path;
`policies[].resources` travels as an object.
"""

import json
from collections.abc import Callable, Collection, Mapping

from cfscim.config.json_types import Json
from cfscim.rehearsal.handler import (
    Handler,
    Held,
    Lookup,
    Made,
    Props,
    Vendor,
    gone_is_fine,
    items,
    string,
    strings,
    text,
)
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.pages import member, numbered_pages, objects


def cloudflare(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Cloudflare, signed in as the provider signs in."""
    http = cloudflare_http(settings, env)
    handlers: dict[str, Handler] = {
        "cloudflare:index/accountToken:AccountToken": _Token(
            http, lambda inputs: f"/accounts/{string(inputs, 'accountId')}/tokens"
        ),
        "cloudflare:index/apiToken:ApiToken": _Token(http, lambda _inputs: "/user/tokens"),
        "cloudflare:index/userGroup:UserGroup": _UserGroup(http),
    }
    lookups: dict[str, Lookup] = {
        "getAccountApiTokenPermissionGroupsList": lambda args: _listed(
            http, f"/accounts/{string(args, 'accountId')}/tokens/permission_groups"
        ),
        "getApiTokenPermissionGroupsList": lambda _args: _listed(
            http, "/user/tokens/permission_groups"
        ),
        "getAccountPermissionGroups": lambda args: _paged(
            http, f"/accounts/{string(args, 'accountId')}/iam/permission_groups"
        ),
        "getResourceGroups": lambda args: _resource_groups(http, string(args, "accountId")),
        "getUser": lambda _args: {"id": text(http.get("/user"), "result", "id")},
    }
    return Vendor(
        http,
        handlers,
        {f"cloudflare:index/{n}:{n}": lookup for n, lookup in lookups.items()},
    )


class _Token(Handler):
    """An API token. Its value is told once, at creation; an adopted one is rolled to know it."""

    replace_on = frozenset({"accountId"})

    def __init__(self, http: HttpClient, path: Callable[[Props], str]) -> None:
        self._http = http
        self._path = path

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        path = self._path(inputs)
        for token in numbered_pages(self._http, path, {}, per_page=50):
            if token.get("name") == inputs.get("name") and token.get("id") not in taken:
                one = f"{path}/{token.get('id')}"
                self._http.send(Call("PUT", one, body=_token_body(inputs)))
                rolled = self._http.send(Call("PUT", f"{one}/value", body={}))
                outputs: Props = {"value": text(rolled, "result")}
                return Made(str(token.get("id")), outputs, adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        answer = self._http.send(Call("POST", self._path(inputs), body=_token_body(inputs)))
        return Made(text(answer, "result", "id"), {"value": text(answer, "result", "value")})

    def update(self, held: Held, inputs: Props) -> Props:
        path = f"{self._path(inputs)}/{held.id}"
        self._http.send(Call("PUT", path, body=_token_body(inputs)))
        return held.outputs

    def delete(self, held: Held) -> None:
        path = f"{self._path(held.inputs)}/{held.id}"
        gone_is_fine(lambda: self._http.send(Call("DELETE", path)))


class _UserGroup(Handler):
    """A user group with its policies; its members are not the program's business."""

    replace_on = frozenset({"accountId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        path, name = _groups_path(inputs), string(inputs, "name")
        for group in numbered_pages(self._http, path, {}, per_page=100):
            if group.get("name") == name and group.get("id") not in taken:
                one = f"{path}/{group.get('id')}"
                self._http.send(Call("PUT", one, body=_group_body(inputs)))
                return Made(str(group.get("id")), adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        answer = self._http.send(Call("POST", _groups_path(inputs), body=_group_body(inputs)))
        return Made(text(answer, "result", "id"))

    def update(self, held: Held, inputs: Props) -> Props:
        path = f"{_groups_path(inputs)}/{held.id}"
        self._http.send(Call("PUT", path, body=_group_body(inputs)))
        return held.outputs

    def delete(self, held: Held) -> None:
        path = f"{_groups_path(held.inputs)}/{held.id}"
        gone_is_fine(lambda: self._http.send(Call("DELETE", path)))


def _token_body(inputs: Props) -> Props:
    body: Props = {
        "name": inputs.get("name"),
        "policies": [
            {
                "effect": policy.get("effect"),
                "permission_groups": _ids(policy, "permissionGroups"),
                "resources": json.loads(string(policy, "resources")),
            }
            for policy in items(inputs, "policies")
        ],
    }
    for key, wire in (("expiresOn", "expires_on"), ("notBefore", "not_before")):
        if inputs.get(key) is not None:
            body[wire] = inputs[key]
    condition = inputs.get("condition")
    addresses = condition.get("requestIp") if isinstance(condition, dict) else None
    if isinstance(addresses, dict):
        given = {"in": strings(addresses, "ins"), "not_in": strings(addresses, "notIns")}
        body["condition"] = {"request_ip": {key: list(ips) for key, ips in given.items() if ips}}
    return body


def _group_body(inputs: Props) -> Props:
    return {
        "name": inputs.get("name"),
        "policies": [
            {
                "access": policy.get("access"),
                "permission_groups": _ids(policy, "permissionGroups"),
                "resource_groups": _ids(policy, "resourceGroups"),
            }
            for policy in items(inputs, "policies")
        ],
    }


def _ids(policy: Props, key: str) -> list[Json]:
    return [{"id": group.get("id")} for group in items(policy, key)]


def _groups_path(inputs: Props) -> str:
    return f"/accounts/{string(inputs, 'accountId')}/iam/user_groups"


def _listed(http: HttpClient, path: str) -> Props:
    answer = http.get(path)
    found = objects(answer, member(answer, "result"))
    return {
        "results": [
            {"id": one.get("id"), "name": one.get("name"), "scopes": one.get("scopes") or []}
            for one in found
        ]
    }


def _paged(http: HttpClient, path: str) -> Props:
    found = numbered_pages(http, path, {}, per_page=50)
    return {"results": [{"id": one.get("id"), "name": one.get("name")} for one in found]}


def _resource_groups(http: HttpClient, account: str) -> Props:
    path = f"/accounts/{account}/iam/resource_groups"
    found = numbered_pages(http, path, {}, per_page=50)
    return {
        "results": [
            # One scope in the API, a list of them in the provider's schema.
            {"id": one.get("id"), "name": one.get("name"), "scopes": [one.get("scope")]}
            for one in found
        ]
    }
