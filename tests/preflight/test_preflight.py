"""Each right removed from a vendor's credential is named by exactly its line; nothing is written."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from cfscim.adopt.state import State, read_state
from cfscim.config.calls import Asked as Declared
from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.config.policy.lock_out import LOCK_OUT
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.preflight.answers import Answer, Asked
from cfscim.preflight.checks import _okta_refresh, compared_tenant, entra_rights
from cfscim.preflight.command import as_json, ask, lines, problems
from cfscim.preflight.licences import premium, rate_limits
from cfscim.preflight.rights import CLOUDFLARE, ENTRA, OKTA, Right, claims_of, directory_roles
from cfscim.rehearsal import Rehearsal
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.entra.models import sent_name
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Call
from cfscim.vendors.okta import READ_ROLES
from sandbox.cloudflare.models import Account
from sandbox.entra.api.directory import forget
from sandbox.okta.signin import access_token
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, config_object, stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal, requests
from tests.vendors.http_kit import Vendor, client, reply
from tests.vendors.rest_kit import listed

pytestmark = pytest.mark.usefixtures("no_sockets")

PAGE = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8")
Env = Mapping[str, str]


@pytest.fixture(autouse=True)
def account(sandbox: Sandbox, admin: httpx.Client) -> None:
    """The stack's account, which the sandbox makes when it is first named."""
    admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"name": "Example Corp"})


def answers(sandbox: Sandbox, config: dict[str, object], env: Env) -> list[Answer]:
    """What preflight says of a stack file's `config`."""
    declared = config[CONFIG_KEY]
    file = StackFile("Pulumi.dev.yaml", "dev", declared, {}, {})
    parsed = parse_config(declared, stack="dev")
    return [*ask(CheckedStack(file, parsed, ()), parsed, State(), env)]


def missing(found: list[Answer]) -> list[str]:
    """The rights that are named as missing, by the lines as printed."""
    said = [str(answer.message) for answer in problems(found)]
    return [name for line in said for name in re.findall(r"the right (.+?) is missing", line)]


def named(sandbox: Sandbox, config: dict[str, object], env: Env) -> list[str]:
    found = answers(sandbox, config, env)
    assert len(problems(found)) == len(missing(found)), [*lines(found)]
    return missing(found)


def page(title: str) -> list[str]:
    section = PAGE.split(f"### {title}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "rights"),
    [
        ("Okta: for `pulumi up`", OKTA),
        ("Entra: for `pulumi up`", ENTRA),
        ("Cloudflare: for `pulumi up` with `token.owner: account`", CLOUDFLARE["account"]),
        ("Cloudflare: for `pulumi up` with `token.owner: user`", CLOUDFLARE["user"]),
    ],
)
def test_the_rights_are_those_of_the_page(title: str, rights: tuple[Right, ...]) -> None:
    assert [right.name for right in rights] == page(title)


def test_okta(sandbox: Sandbox, admin: httpx.Client) -> None:
    signin = admin.get("okta/oauth").json()
    env = {name: value for name, value in sandbox.env.items() if name != "OKTA_API_TOKEN"}
    env |= {"OKTA_API_CLIENT_ID": signin["clientId"], "OKTA_API_PRIVATE_KEY": signin["privateKey"]}
    every = [right.name for right in OKTA]
    for left_out in [None, *every]:
        scopes = ",".join(name for name in every if name != left_out)
        found = named(sandbox, stack_config(), {**env, "OKTA_API_SCOPES": scopes})
        assert found == ([left_out] if left_out else [])


def with_access_token(sandbox: Sandbox, scopes: list[str]) -> Env:
    """A token that somebody made for the service app, beside an API token, which it goes before."""
    made = access_token(sandbox.env["OKTA_API_TOKEN"], scopes)
    return {**sandbox.env, "OKTA_ACCESS_TOKEN": made}


def test_okta_s_access_token_says_its_scopes(sandbox: Sandbox, admin: httpx.Client) -> None:
    every = [right.name for right in OKTA]
    for left_out in [None, *every]:
        scopes = [name for name in every if name != left_out]
        env = with_access_token(sandbox, scopes)
        assert named(sandbox, stack_config(), env) == ([left_out] if left_out else [])
    [line] = [str(one.message) for one in problems(answers(sandbox, stack_config(), env))]
    assert "ask for it when the access token is made" in line
    opaque = {**sandbox.env, "OKTA_ACCESS_TOKEN": "a.b.c"}
    assert claims_of("a.b.c") == claims_of("opaque") == {}
    [ended] = problems(answers(sandbox, stack_config(), opaque))
    assert "check okta:accessToken or OKTA_ACCESS_TOKEN" in str(ended.message), "once"


PERMISSIONS = {
    "Manage applications": "okta.apps.manage",
    "Manage groups": "okta.groups.manage",
    "View users and their details": "okta.users.read",
    "Read-only Administrator": "okta.policies.read",
}
VIEW_ROLES = "okta.iam.read"


def service_app(sandbox: Sandbox, admin: httpx.Client) -> Env:
    signin = admin.get("okta/oauth").json()
    env = {name: value for name, value in sandbox.env.items() if name != "OKTA_API_TOKEN"}
    scopes = ",".join(right.name for right in OKTA)
    env |= {"OKTA_API_CLIENT_ID": signin["clientId"], "OKTA_API_SCOPES": scopes}
    return env | {"OKTA_API_PRIVATE_KEY": signin["privateKey"]}


def an_api_token(sandbox: Sandbox, _admin: httpx.Client) -> Env:
    return sandbox.env


def an_access_token(sandbox: Sandbox, _admin: httpx.Client) -> Env:
    return with_access_token(sandbox, [*(right.name for right in OKTA), READ_ROLES])


@pytest.mark.parametrize("credential", [an_api_token, service_app, an_access_token])
def test_okta_s_administrator_roles(
    sandbox: Sandbox, admin: httpx.Client, credential: Callable[[Sandbox, httpx.Client], Env]
) -> None:
    env = credential(sandbox, admin)
    for left_out in [None, *PERMISSIONS]:
        held = [own for name, own in PERMISSIONS.items() if name != left_out]
        given = {"permissions": [*held, VIEW_ROLES]}
        admin.post("okta/roles", json=given).raise_for_status()
        assert named(sandbox, stack_config(), env) == ([left_out] if left_out else [])
        if left_out in (None, "View users and their details"):
            continue  # without people nothing stops where nobody is named
        with pytest.raises(ScimError, match="403|permission"):
            Rehearsal("dev", {**sandbox.env, **env}, progress=lambda _line: None).update(
                stack_config()
            )
        sandbox.world.reset()
        admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"name": "Example Corp"})


@pytest.mark.parametrize(
    ("roles", "lacking"),
    [
        (["SUPER_ADMIN"], []),
        (["APP_ADMIN"], ["Manage groups"]),
        (["USER_ADMIN"], ["Manage applications", "Read-only Administrator"]),
        (["READ_ONLY_ADMIN"], ["Manage applications", "Manage groups"]),
        (["APP_ADMIN", "USER_ADMIN"], []),
    ],
)
def test_okta_s_standard_roles(
    sandbox: Sandbox, admin: httpx.Client, roles: list[str], lacking: list[str]
) -> None:
    given = {"roles": roles, "permissions": [VIEW_ROLES]}
    admin.post("okta/roles", json=given).raise_for_status()
    assert named(sandbox, stack_config(), sandbox.env) == lacking
    admin.post("okta/roles", json={"roles": roles}).raise_for_status()
    found = answers(sandbox, stack_config(), sandbox.env)
    if roles != ["SUPER_ADMIN"]:  # nobody else sees administrators
        [answer] = [one for one in found if one.id == "okta.roles"] or [None]
        assert answer is not None
        assert answer.status == "unknown"
        assert "look at the roles of the person whose token it is, or give" in str(answer.message)
        reads = lacking if roles == ["USER_ADMIN"] else []  # what it may not even read
        assert missing(found) == reads


def test_entra(sandbox: Sandbox, admin: httpx.Client) -> None:
    every = [right.name for right in ENTRA]
    for left_out in [None, *every]:
        roles = [name for name in every if name != left_out]
        admin.post("entra/permissions", json={"roles": roles}).raise_for_status()
        found = named(sandbox, stack_config("entra"), sandbox.env)
        assert found == ([left_out] if left_out else [])


PERSON = {
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Groups Administrator": "fdd7a751-b60b-444a-984c-02652fe8fa1c",
}
_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"


def person(*roles: str) -> list[str]:
    """What is missing to a person with these directory roles."""
    config = parse_config(stack_config("entra")[CONFIG_KEY], stack="dev")
    asked = Asked(config, {}, {}, date(2026, 11, 26))
    claims: Any = {"scp": "Directory.AccessAsUser.All", "wids": [_USER, *roles]}
    return missing([*entra_rights(asked, claims)])


def test_a_person_s_directory_roles_in_entra() -> None:
    assert person(*PERSON.values()) == []
    for left_out in PERSON:
        assert person(*(id_ for name, id_ in PERSON.items() if name != left_out)) == [left_out]
    assert person() == [*PERSON]
    assert person("62e90394-69f5-4237-9190-012177145e10") == [], "a Global Administrator"


def signed_in_as(sandbox: Sandbox, admin: httpx.Client, folder: Path, *roles: str) -> Env:
    """A person with these directory roles, who has run `az login`."""
    made = admin.post("entra/person", json={"directoryRoles": [*roles]}).raise_for_status()
    (folder / "token.json").write_text(made.text)
    az = folder / "az"
    az.write_text(f"#!/bin/sh\nexec cat {folder}/token.json\n")
    az.chmod(0o700)
    env = {key: value for key, value in sandbox.env.items() if not key.startswith("ARM_CLIENT")}
    return {**env, "ARM_USE_CLI": "true"}


def test_a_person_signs_in_to_entra_by_the_azure_command_line(
    sandbox: Sandbox, admin: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("cfscim.vendors.retries.time.sleep", lambda _seconds: None)
    config = stack_config("entra")
    for left_out in PERSON:
        held = [name for name in PERSON if name != left_out]
        env = signed_in_as(sandbox, admin, tmp_path, *held)
        assert named(sandbox, config, env) == [left_out]
        with pytest.raises(ScimError, match="403|401|permission|privileges"):
            rehearsal(sandbox).update(config)
        sandbox.world.reset()
        admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"name": "Example Corp"})
    for held in ([*PERSON], ["Global Administrator"]):
        env = signed_in_as(sandbox, admin, tmp_path, *held)
        writes = len(requests(admin, "POST", "PUT", "PATCH", "DELETE"))
        assert problems(answers(sandbox, config, env)) == []
        assert len(requests(admin, "POST", "PUT", "PATCH", "DELETE")) == writes, "only reads"
    rehearsal(sandbox).update(config)


def operator(sandbox: Sandbox, owner: str, permissions: list[str], account: str = ACCOUNT) -> str:
    """A token with these permissions on the account, for the program to work with."""
    base = f"/accounts/{account}/tokens" if owner == "account" else "/user/tokens"
    known = {group["name"]: group for group in listed(sandbox, f"{base}/permission_groups")}
    with cloudflare_http({}, sandbox.env) as http:
        user = http.get("/user").body["result"]["id"]  # type: ignore[index, call-overload]
        policies: list[Any] = []
        for name in permissions:
            personal = any(scope.endswith(".user") for scope in known[name]["scopes"])
            key = f"com.cloudflare.api.user.{user}" if personal else None
            key = key or f"com.cloudflare.api.account.{account}"
            policies.append(
                {
                    "effect": "allow",
                    "permission_groups": [{"id": known[name]["id"]}],
                    "resources": {key: "*"},
                }
            )
        answer = http.send(Call("POST", base, body={"name": "operator", "policies": policies}))
        return answer.body["result"]["value"]  # type: ignore[index, call-overload, return-value]


@pytest.mark.parametrize("owner", ["account", "user"])
def test_cloudflare(sandbox: Sandbox, owner: str) -> None:
    every = [right.name for right in CLOUDFLARE[owner]]
    for left_out in [None, *every]:
        value = operator(sandbox, owner, [name for name in every if name != left_out])
        env = {**sandbox.env, "CLOUDFLARE_API_TOKEN": value}
        found = named(sandbox, stack_config(owner=owner), env)
        assert found == ([left_out] if left_out else [])


OTHER = "f" * 32


def test_a_credential_of_another_account_is_one_line(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.post(f"cloudflare/accounts/{OTHER}", json={"name": "Other"})
    every = [right.name for right in CLOUDFLARE["account"]]
    for value in (
        operator(sandbox, "account", every, OTHER),
        operator(sandbox, "user", every, OTHER),
    ):
        env = {**sandbox.env, "CLOUDFLARE_API_TOKEN": value}
        [found] = problems(answers(sandbox, stack_config(), env))
        assert found.id == "cloudflare.credential"
        assert ACCOUNT in str(found.message)


def test_the_credentials_of_another_tenant_are_one_line(sandbox: Sandbox) -> None:
    config = stack_config("entra")
    declared = config[CONFIG_KEY]
    elsewhere = {"azuread:tenantId": "00000000-0000-0000-0000-00000000dead"}
    file = StackFile("Pulumi.dev.yaml", "dev", declared, {}, elsewhere)
    parsed = parse_config(declared, stack="dev")
    found = [*ask(CheckedStack(file, parsed, ()), parsed, State(), sandbox.env)]
    [answer] = problems(found)
    assert answer.id == "entra.signIn"
    assert "00000000-0000-0000-0000-00000000dead" in str(answer.message)


def test_a_token_of_another_tenant_is_named() -> None:
    config = stack_config("entra")
    elsewhere = {"azuread:tenantId": "00000000-0000-0000-0000-00000000dead"}
    asked = Asked(parse_config(config[CONFIG_KEY], stack="dev"), elsewhere, {}, date(2026, 11, 26))
    [found] = [*compared_tenant(asked, {"tid": "00000000-0000-0000-0000-00000000beef"})]
    assert found.id == "entra.tenant"
    assert found.stops
    [found] = [*compared_tenant(asked, {"tid": "00000000-0000-0000-0000-00000000DEAD"})]
    assert found.status == "ok"


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_it_writes_nothing(sandbox: Sandbox, admin: httpx.Client, kind: str) -> None:
    before = admin.get("state").json()
    found = answers(sandbox, stack_config(kind), sandbox.env)
    assert [*lines(found)][-1][1].startswith("Ready: ")
    sent = {(one["method"], one["path"]) for one in admin.get("requests").json()}
    writes = {path for method, path in sent if method not in ("GET", "HEAD")}
    assert all(path.endswith("/token") for path in writes), "only the sign-in is a POST"
    assert admin.get("state").json() == before


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_names_that_are_taken_are_named_with_what_took_them(sandbox: Sandbox, kind: str) -> None:
    rehearsal(sandbox).update(stack_config(kind))
    found = answers(sandbox, stack_config(kind), sandbox.env)
    said = [str(answer.message) for answer in problems(found)]
    assert len([line for line in said if f"{kind}-group-billing" in line]) == 1
    assert all("the name is taken by" in line and "cfscim adopt" in line for line in said)


def test_a_name_that_an_app_s_group_has_is_named(sandbox: Sandbox) -> None:
    group = sandbox.world.okta.add_group("Billing", None, kind="APP_GROUP", app_id="0oaother")
    [answer] = problems(answers(sandbox, stack_config("okta"), sandbox.env))
    assert f"an app's group has the name already ({group.id})" in str(answer.message)
    assert answer.stops
    with pytest.raises(ScimError, match="okta-group-billing"):
        rehearsal(sandbox).update(stack_config("okta"))


def suspend(sandbox: Sandbox) -> None:
    for user in sandbox.world.okta.users.values():
        if user.email == "ada@example.com":
            user.status = "SUSPENDED"
    for user in sandbox.world.entra.users.values():
        if user.properties.get("mail") == "ada@example.com":
            user.properties["accountEnabled"] = False


def no_mail(sandbox: Sandbox) -> None:
    for user in sandbox.world.entra.users.values():
        if user.properties.get("mail") == "ada@example.com":
            user.properties["mail"] = None


def other_name(sandbox: Sandbox) -> None:
    for user in sandbox.world.entra.users.values():
        if user.properties.get("mail") == "ada@example.com":
            user.properties["userPrincipalName"] = "a.lovelace@example.com"


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("okta", suspend, "is suspended"),
        ("entra", suspend, "is blocked from signing in"),
        ("entra", no_mail, "has no mail in Entra"),
        ("entra", other_name, "would be sent as a.lovelace@example.com"),
    ],
)
def test_a_person_who_would_not_arrive_is_named(
    sandbox: Sandbox, kind: str, change: Callable[[Sandbox], None], said: str
) -> None:
    change(sandbox)
    [found] = problems(answers(sandbox, stack_config(kind), sandbox.env))
    assert found.id == f"{kind}.person.ada@example.com"
    assert said in str(found.message)


def test_another_account_another_organisation_and_nobody(sandbox: Sandbox) -> None:
    config = stack_config(roles={"Administrator": ["nobody@example.com"]}, orgName="other")
    config[CONFIG_KEY]["account"]["name"] = "Somebody Else"  # type: ignore[index]
    found = problems(answers(sandbox, config, sandbox.env))
    assert [one.id for one in found] == [
        "cloudflare.account",
        "okta.organisation",
        "okta.person.nobody@example.com",
    ]
    shown = as_json("dev", found)
    assert shown["ready"] is False


def account_of(sandbox: Sandbox) -> Account:
    return sandbox.world.cloudflare.accounts[ACCOUNT]


def statuses(found: list[Answer]) -> dict[str, str]:
    return {one.id: one.status for one in found}


def domains(enabled: bool, status: str) -> list[dict[str, object]]:
    verification = {"status": status, "code": "x"}
    return [{"email_domain": "Example.com", "enabled": enabled, "verification": verification}]


def test_dashboard_sso_is_read_where_it_may_be_read(sandbox: Sandbox) -> None:
    account = account_of(sandbox)
    for connectors, status in (
        ([], "unknown"),
        (domains(True, "pending"), "unknown"),
        (domains(False, "verified"), "unknown"),
        (domains(True, "verified"), "ok"),
    ):
        account.sso_connectors = connectors
        found = statuses(answers(sandbox, stack_config(), sandbox.env))
        assert found["cloudflare.sso"] == status
    value = operator(sandbox, "account", [right.name for right in CLOUDFLARE["account"]])
    env = {**sandbox.env, "CLOUDFLARE_API_TOKEN": value}
    [said] = [one for one in answers(sandbox, stack_config(), env) if one.id == "cloudflare.sso"]
    assert "cannot be known (SSO Connector Read)" in str(said.message)


def test_licences_of_okta_are_told_by_the_app_and_not_before(
    sandbox: Sandbox, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = statuses(answers(sandbox, stack_config(), sandbox.env))
    assert before["okta.lifecycleManagement"] == "unknown"
    assert "okta.groupPush" not in before
    stack = rehearsal(sandbox)
    made = stack.update(stack_config())
    assert licences(sandbox, stack)["okta.lifecycleManagement"] == "unknown"
    do_console_steps(admin, made)
    shown = licences(sandbox, stack)
    assert shown["okta.lifecycleManagement"] == shown["okta.groupPush"] == "ok"
    refused = AnswerError("forbidden", "Okta GET", "403", code="E0000015")

    def not_there(*_given: object) -> None:
        raise refused

    monkeypatch.setattr("cfscim.vendors.okta.api.OktaClient.push_mappings", not_there)
    assert licences(sandbox, stack)["okta.groupPush"] == "problem"


def licences(sandbox: Sandbox, stack: Rehearsal) -> dict[str, str]:
    """What preflight says with the stack's state."""
    config = stack_config()
    declared = config[CONFIG_KEY]
    file = StackFile("Pulumi.dev.yaml", "dev", declared, {}, {})
    parsed = parse_config(declared, stack="dev")
    state = read_state(stack.export())
    return statuses([*ask(CheckedStack(file, parsed, ()), parsed, state, sandbox.env)])


def test_a_group_within_a_role_s_group_is_named(sandbox: Sandbox) -> None:
    stack, config = rehearsal(sandbox), stack_config("entra")
    stack.update(config)
    world = sandbox.world.entra
    billing = next(g for g in world.groups.values() if g.properties["displayName"] == "Billing")
    other = next(g for g in world.groups.values() if g is not billing)
    billing.members.append(other.id)
    declared = config[CONFIG_KEY]
    file = StackFile("Pulumi.dev.yaml", "dev", declared, {}, {})
    parsed = parse_config(declared, stack="dev")
    state = read_state(stack.export())
    found = problems([*ask(CheckedStack(file, parsed, ()), parsed, state, sandbox.env)])
    assert [one.id for one in found] == ["entra.nested.entra-group-billing"]
    assert other.id in str(found[0].message)


def test_the_recycle_bin_stops_for_the_stack_s_own_and_names_a_stranger(
    sandbox: Sandbox, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, config = rehearsal(sandbox), stack_config("entra")
    stack.update(config)
    entra = sandbox.world.entra
    ours = {"Billing", "Cloudflare SCIM"}
    own = [
        one
        for kind in (entra.groups, entra.applications, entra.service_principals)
        for one in kind.values()
        if one.text("displayName") in ours
    ]
    declared = config[CONFIG_KEY]
    checked = CheckedStack(
        StackFile("Pulumi.dev.yaml", "dev", declared, {}, {}),
        parse_config(declared, stack="dev"),
        (),
    )

    def found(state: State) -> list[Answer]:
        assert checked.config is not None
        every = ask(checked, checked.config, state, sandbox.env)
        return [one for one in every if one.id.startswith("entra.recycleBin")]

    state = read_state(stack.export())
    assert [one.status for one in found(state)] == ["ok"]
    for one in own:
        forget(entra, one, keep=True)
    group, app, principal = (one.id for one in own)
    stopped = {one.id.rsplit(".", 1)[-1]: one for one in found(state)}
    assert {id_ for id_, one in stopped.items() if one.stops} == {group, principal}
    assert f"deletedItems/{group}/restore" in str(stopped[group].message)
    both = rf"deletedItems/{app}/restore.*deletedItems/{principal}/restore"
    assert re.search(both, str(stopped[principal].message))
    strangers = found(State())
    assert {one.status for one in strangers} == {"unknown"}
    assert {one.id.rsplit(".", 1)[-1] for one in strangers} == {group, app}
    roles = [role for role in entra.roles if role not in ("Directory.Read.All",)]
    roles = [role for role in roles if not role.startswith("Group.")]
    admin.post("entra/permissions", json={"roles": [*roles, "Directory.ReadWrite.All"]})
    assert len(found(State())) == len(strangers)

    def denied(*_given: object) -> None:
        raise AnswerError("forbidden", "Graph GET", "403")

    monkeypatch.setattr("cfscim.vendors.entra.api.GraphClient.binned_applications", denied)
    [unread] = found(state)
    assert (unread.id, unread.status) == ("entra.recycleBin", "unknown")
    assert "cannot be known (Group.Read.All and Application.Read.All)" in str(unread.message)


def test_seats_and_rate_limits_are_counted(sandbox: Sandbox) -> None:
    many = [f"person{number}@example.com" for number in range(30)]
    config = parse_config(stack_config("entra", roles={"Billing": many})[CONFIG_KEY], stack="dev")
    with graph_http({}, sandbox.env) as http:
        [_, seats] = premium(http, config)
    assert "25 people may have Entra ID P1, the config names 30" in str(seats.message)
    group: Declared = ("azuread:index/group:Group", {"members": ["x"] * 4000})
    [late] = rate_limits([group], [])
    assert late.status == "unknown"
    assert "3000 are allowed in 150 s" in str(late.message)
    [well] = rate_limits([("azuread:index/group:Group", {"members": []})], [])
    assert well.status == "ok"


PREREQUISITES: list[tuple[str, str, Callable[[Sandbox], object]]] = [
    ("okta", "cloudflare.account", lambda s: setattr(account_of(s), "name", "Somebody Else")),
    ("okta", "cloudflare.plan", lambda s: setattr(account_of(s), "plan", "standard")),
    ("okta", "cloudflare.scim", lambda s: setattr(account_of(s), "scim", False)),
    ("entra", "entra.licence", lambda s: setattr(s.world.entra, "premium", False)),
]


@pytest.mark.parametrize(
    ("kind", "id_", "remove"), PREREQUISITES, ids=[id_ for _, id_, _ in PREREQUISITES]
)
def test_each_prerequisite_that_is_missing_is_named_by_its_line_alone(
    sandbox: Sandbox, kind: str, id_: str, remove: Callable[[Sandbox], object]
) -> None:
    assert problems(answers(sandbox, stack_config(kind), sandbox.env)) == []
    remove(sandbox)
    found = problems(answers(sandbox, stack_config(kind), sandbox.env))
    assert [one.id for one in found] == [id_]
    assert found[0].stops


def test_an_account_that_serves_no_virtual_groups_is_named(sandbox: Sandbox) -> None:
    found = problems(answers(sandbox, stack_config(model="virtualGroups"), sandbox.env))
    assert [one.id for one in found] == ["cloudflare.roleModel"]


def without_direct_ones(sandbox: Sandbox) -> None:
    for member in sandbox.world.cloudflare.accounts[ACCOUNT].members.values():
        member.roles = ["Billing"]


@pytest.mark.parametrize(
    ("members", "waivers", "status"),
    [
        (["alan@example.com"], [], "ok"),
        ([], [], "problem"),
        (None, [], "unknown"),
        ([], [{"rule": LOCK_OUT, "until": "2099-01-01", "by": "G", "reason": "t"}], "ok"),
        ([], [{"rule": LOCK_OUT, "until": "2026-01-01", "by": "G", "reason": "t"}], "problem"),
    ],
)
def test_the_last_super_administrators_are_not_taken_away(
    sandbox: Sandbox, members: list[str] | None, waivers: list[dict[str, str]], status: str
) -> None:
    config = stack_config(roles={"Super Administrator - All Privileges": members})
    config[CONFIG_KEY]["waivers"] = waivers  # type: ignore[index]
    assert of(answers(sandbox, config, sandbox.env), "cloudflare.lockOut").status == "ok"
    without_direct_ones(sandbox)
    assert of(answers(sandbox, config, sandbox.env), "cloudflare.lockOut").status == status


def of(found: list[Answer], id_: str) -> Answer:
    [one] = [answer for answer in found if answer.id == id_]
    return one


def test_a_guest_s_name_is_what_entra_sends() -> None:
    assert sent_name("ada_partner.example#EXT#@tenant.example") == "ada@partner.example"
    assert sent_name("Ada@Example.com") == "Ada@Example.com"


@pytest.mark.parametrize(
    ("number", "users", "told"), [(150, None, False), (151, None, True), (151, [], False)]
)
def test_a_refresh_that_asks_too_often_is_told(
    number: int, users: list[str] | None, told: bool
) -> None:
    people = [f"person-{index}@example.com" for index in range(number)]
    content = config_object("okta", "userGroups", "account")
    content["roles"] = {"Administrator": {"members": people}}
    if users is not None:
        content["identityProvider"]["usersGroup"] = {"members": users}
    answers = [*_okta_refresh(parse_config(content, stack="dev"))]
    assert [str(number) in str(answer.message) for answer in answers] == [True] * told
    assert not any(answer.stops for answer in answers)


def test_a_user_s_token_may_do_no_more_than_its_user(sandbox: Sandbox) -> None:
    every = [right.name for right in CLOUDFLARE["user"]]
    env = {**sandbox.env, "CLOUDFLARE_API_TOKEN": operator(sandbox, "user", every)}
    config = stack_config(owner="user")
    cloudflare = sandbox.world.cloudflare
    members = cloudflare.accounts[ACCOUNT].members
    [own] = [member for member in members.values() if member.user_id == cloudflare.operator.id]
    for roles, said in (
        (own.roles, None),
        (["Administrator"], "is no Super Administrator"),
        ([], "is no Super Administrator"),
    ):
        own.roles = roles
        wrong = problems(answers(sandbox, config, env))
        lines_ = [str(answer.message) for answer in wrong if answer.id == "cloudflare.user"]
        assert [said in line for line in lines_ if said] == ([True] if said else [])
        assert len(lines_) == bool(said)
    del members[own.id]
    [answer] = problems(answers(sandbox, config, env))
    assert f"is no member of account {ACCOUNT}" in str(answer.message)


def test_a_person_s_directory_roles_are_those_of_now() -> None:
    held = [_USER, PERSON["Groups Administrator"]]
    shown = Vendor(reply(body={"value": [{"id": "r", "roleTemplateId": id_} for id_ in held]}))
    assert directory_roles(client(shown)) == {"wids": held}
    assert shown.requests[0].url.path.endswith("/transitiveMemberOf/microsoft.graph.directoryRole")
    for status in (400, 401, 403, 404):
        hidden = Vendor(reply(status, {"error": {"code": "BadRequest", "message": "no"}}))
        assert directory_roles(client(hidden)) == {}, "the token's own claim counts then"
