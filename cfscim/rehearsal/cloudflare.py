"""Cloudflare's resources over the calls of terraform-provider-cloudflare 5.22.

Source: internal/services/{api_token,account_token,user_group}: POST, PUT and DELETE of one path;
`policies[].resources` travels as an object; a DELETE of what is gone fails.
"""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from cfscim.config import kinds
from cfscim.config.facts import ACCOUNT_SCOPE
from cfscim.config.json_types import Json, inner, items, string, strings
from cfscim.config.names import OWN_TOKENS, account_path
from cfscim.rehearsal.handler import (
    Candidate,
    Lookup,
    Outcome,
    Props,
    Resource,
    Row,
    Seen,
    Vendor,
    handlers,
    named,
    nearly,
)
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.http import Answer, HttpClient
from cfscim.vendors.pages import member, numbered_pages, objects, text, told


def cloudflare(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Cloudflare, signed in as the provider signs in."""
    http = cloudflare_http(settings, env)
    lookups: dict[str, Lookup] = {
        kinds.ACCOUNT_TOKEN_POWERS: lambda args: _listed(
            http, f"{_account(args)}/tokens/permission_groups"
        ),
        kinds.USER_TOKEN_POWERS: lambda _args: _listed(http, f"{OWN_TOKENS}/permission_groups"),
        kinds.ROLE_POWERS: lambda args: _paged(http, f"{_account(args)}/iam/permission_groups"),
        kinds.ACCOUNT_AS_RESOURCE: lambda args: _resource_groups(http, _account(args)),
        kinds.TOKEN_USER: lambda _args: {"id": text(http.get("/user"), "result", "id")},
    }
    return Vendor(http, handlers(http, ROWS), lookups)


def _account(inputs: Props) -> str:
    return account_path(string(inputs, "accountId"))


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
    addresses = inner(inputs, "condition", "requestIp")
    if addresses:
        given = {"in": strings(addresses, "ins"), "not_in": strings(addresses, "notIns")}
        body["condition"] = {"request_ip": {key: list(ips) for key, ips in given.items() if ips}}
    return body


def _token_created(_inputs: Props, answer: Answer) -> Outcome:
    return Outcome(text(answer, "result", "id"), {"value": text(answer, "result", "value")})


def _tokens_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    """Every token of the name: never adopted, for its value was told once (`read` is missing).

    A user's tokens are listed for all accounts: a token that does not cover this account is another
    stack's."""
    path, ours = _token_path(inputs), _accounts_of(inputs)
    for token in named(string(inputs, "name"), "name", numbered_pages(http, path, {})):
        covers = _accounts_of(token)
        if covers and ours and not covers & {*ours, f"{ACCOUNT_SCOPE}.*"}:
            continue
        used = string(token, "last_used_on")
        yield Candidate(
            string(token, "id"),
            {"name": token.get("name"), "status": token.get("status")},
            string(token, "issued_on"),
            f"last used {used}" if used else "never used",
            used=used,
        )


def _accounts_of(token: Props) -> set[str]:
    """The accounts that a token covers, as its inputs or Cloudflare's answer have them."""
    keys: set[str] = set()
    for policy in items(token, "policies"):
        given = policy.get("resources")
        keys |= {*(json.loads(given) if isinstance(given, str) else inner(policy, "resources"))}
    return {key for key in keys if key.startswith(f"{ACCOUNT_SCOPE}.")}


def _token_refreshed(http: HttpClient, resource: Resource) -> Props | None:
    """A token that ended or was revoked is dropped from the state (AccountTokenResource.Read)."""
    answer = http.get(f"{_token_path(resource.inputs)}/{quote(resource.id)}")
    token = told(answer, "result")
    if token.get("status") in ("expired", "revoked (exposed)"):
        return None
    addresses = inner(token, "condition", "request_ip")
    shown = {"ins": strings(addresses, "in"), "notIns": strings(addresses, "not_in")}
    given: Props = {key: [*ips] for key, ips in shown.items() if ips}
    return {
        "name": token.get("name"),
        "expiresOn": token.get("expires_on"),
        "condition": {"requestIp": given} if given else None,
        "policies": [
            {
                "effect": policy.get("effect"),
                "permissionGroups": _ids(policy, "permission_groups"),
                "resources": json.dumps(policy.get("resources"), separators=(",", ":")),
            }
            for policy in items(token, "policies")
        ],
    }


def _token_path(inputs: Props) -> str:
    return f"{_account(inputs)}/tokens" if inputs.get("accountId") else OWN_TOKENS


def _groups_path(inputs: Props) -> str:
    return f"{_account(inputs)}/iam/user_groups"


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


def _group_facts(account: str, group: Props) -> Props:
    return {
        "accountId": account,
        "name": group.get("name"),
        "policies": [
            {
                "access": policy.get("access"),
                "permissionGroups": _ids(policy, "permission_groups"),
                "resourceGroups": _ids(policy, "resource_groups"),
            }
            for policy in items(group, "policies")
        ],
    }


def _groups_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    account = string(inputs, "accountId")
    pages = numbered_pages(http, _groups_path(inputs), {})
    for group in named(string(inputs, "name"), "name", pages):
        created = string(group, "created_on")
        yield Candidate(f"{account}/{string(group, 'id')}", _group_facts(account, group), created)


def _groups_nearly_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    account = string(inputs, "accountId")
    pages = numbered_pages(http, _groups_path(inputs), {})
    for group, name in nearly(string(inputs, "name"), "name", pages):
        note = f'its name is "{name}", and a pushed group of another name gets nothing by it'
        yield Candidate(f"{account}/{string(group, 'id')}", note=note)


def _group_read(http: HttpClient, import_id: str) -> Seen:
    account, _, group = import_id.partition("/")
    answer = http.get(f"{account_path(account)}/iam/user_groups/{quote(group)}")
    return Seen(Outcome(group), _group_facts(account, told(answer, "result")))


def _ids(policy: Props, key: str) -> list[Json]:
    return [{"id": group.get("id")} for group in items(policy, key)]


_TOKEN = Row(
    path=_token_path,
    body=_token_body,
    created=_token_created,
    change="PUT",
    find=_tokens_named,
    refresh=_token_refreshed,
)
ROWS: Mapping[str, Row] = {
    kinds.ACCOUNT_TOKENS: _TOKEN,
    kinds.USER_TOKENS: _TOKEN,
    kinds.USER_GROUP: Row(
        path=_groups_path,
        body=_group_body,
        created=lambda _inputs, answer: Outcome(text(answer, "result", "id")),
        change="PUT",
        find=_groups_named,
        near=_groups_nearly_named,
        read=_group_read,
        import_id=lambda resource: f"{string(resource.inputs, 'accountId')}/{resource.id}",
    ),
}


def _listed(http: HttpClient, path: str) -> Props:
    answer = http.get(path)
    return {
        "results": [
            {"id": group.get("id"), "name": group.get("name"), "scopes": group.get("scopes") or []}
            for group in objects(answer, member(answer, "result"))
        ]
    }


def _paged(http: HttpClient, path: str) -> Props:
    pages = numbered_pages(http, path, {})
    return {"results": [{"id": group.get("id"), "name": group.get("name")} for group in pages]}


def _resource_groups(http: HttpClient, account: str) -> Props:
    pages = numbered_pages(http, f"{account}/iam/resource_groups", {})
    return {
        "results": [
            # One scope in the API, a list of them in the provider's schema.
            {"id": group.get("id"), "name": group.get("name"), "scopes": [group.get("scope")]}
            for group in pages
        ]
    }
