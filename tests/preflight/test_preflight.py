"""Each right removed from a vendor's credential is named by exactly its line; nothing is written."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from cfscim.adopt.state import State
from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.config.policy.lock_out import LOCK_OUT
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.preflight.checks import Answer, _okta_refresh
from cfscim.preflight.command import as_json, ask, lines, problems
from cfscim.preflight.rights import CLOUDFLARE, ENTRA, OKTA, Right
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.entra.models import sent_name
from cfscim.vendors.http import Call
from sandbox.cloudflare.models import Account
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, config_object, stack_config
from tests.rehearsal.rehearsal_support import rehearsal
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


def test_entra(sandbox: Sandbox, admin: httpx.Client) -> None:
    every = [right.name for right in ENTRA]
    for left_out in [None, *every]:
        roles = [name for name in every if name != left_out]
        admin.post("entra/permissions", json={"roles": roles}).raise_for_status()
        found = named(sandbox, stack_config("entra"), sandbox.env)
        assert found == ([left_out] if left_out else [])


def operator(sandbox: Sandbox, owner: str, permissions: list[str]) -> str:
    """A token with these permissions, for the program to work with."""
    base = f"/accounts/{ACCOUNT}/tokens" if owner == "account" else "/user/tokens"
    known = {group["name"]: group for group in listed(sandbox, f"{base}/permission_groups")}
    with cloudflare_http({}, sandbox.env) as http:
        user = http.get("/user").body["result"]["id"]  # type: ignore[index, call-overload]
        policies: list[Any] = []
        for name in permissions:
            personal = any(scope.endswith(".user") for scope in known[name]["scopes"])
            key = f"com.cloudflare.api.user.{user}" if personal else None
            key = key or f"com.cloudflare.api.account.{ACCOUNT}"
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
