"""What an interrupted run created is found by what it is; a stranger's of the same name is not."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from cfscim.adopt.leftovers import Leftover, find_leftovers, remove
from cfscim.adopt.stack_state import StackState, Unfinished
from cfscim.config.json_types import Json
from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import TEMPLATE, USER_ROLE, Graph
from tests.sandbox.okta.okta_support import Okta
from tests.vendors.rest_kit import ACCOUNT, RESOURCE, SCIM_PROVISIONING, made, requests, scim_token

TOKEN = "cloudflare:index/accountToken:AccountToken"
USER_GROUP = "cloudflare:index/userGroup:UserGroup"
OKTA_GROUP = "okta:group/group:Group"
OKTA_APP = "okta:app/saml:Saml"
PUSH = "okta:index/pushGroup:PushGroup"
GROUP = "azuread:index/group:Group"
APPLICATION = "azuread:index/applicationFromTemplate:ApplicationFromTemplate"
JOB = "azuread:index/synchronizationJob:SynchronizationJob"
ASSIGNMENT = "azuread:index/appRoleAssignment:AppRoleAssignment"


def left(
    sandbox: Sandbox,
    kind: str,
    inputs: Mapping[str, Json],
    *,
    held: str = "",
    again: bool = False,
    made: datetime | None = None,
) -> tuple[Leftover, ...]:
    one = Unfinished(kind, "it", inputs, again or made is not None, made)
    state = StackState(
        unfinished=() if made else (one,), recent=(one,) if made else (), ids=frozenset({held})
    )
    return find_leftovers(state, {}, {**os.environ, **sandbox.env})


def ids(found: tuple[Leftover, ...]) -> list[tuple[str, str]]:
    return [(one.action, one.id) for one in found]


def token_inputs(permission: str = SCIM_PROVISIONING) -> dict[str, Json]:
    policy: dict[str, Json] = {
        "effect": "allow",
        "permissionGroups": [{"id": permission}],
        "resources": json.dumps(RESOURCE),
    }
    return {"accountId": ACCOUNT, "name": "cloudflare-scim-dev", "policies": [policy]}


def test_a_lost_token_is_removed_and_the_one_in_use_stays(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    lost, held = scim_token(sandbox)["id"], scim_token(sandbox)["id"]
    scim_token(sandbox, name="cloudflare-scim-prod")
    found = left(sandbox, TOKEN, token_inputs(), held=held, again=True)
    assert ids(found) == [("remove", lost)]
    remove(found, {}, {**os.environ, **sandbox.env})
    names = [(t["id"], t["name"]) for t in admin.get("state").json()["cloudflare"]["tokens"]]
    assert lost not in dict(names)
    assert held in dict(names)


def test_a_twin_of_a_token_is_one_of_the_same_minutes(sandbox: Sandbox) -> None:
    twin, held = scim_token(sandbox)["id"], scim_token(sandbox)["id"]
    now = datetime.now(UTC)
    assert ids(left(sandbox, TOKEN, token_inputs(), held=held, made=now)) == [("remove", twin)]
    later, earlier = now + timedelta(hours=1), now - timedelta(hours=1)
    assert left(sandbox, TOKEN, token_inputs(), held=held, made=later) == ()
    assert left(sandbox, TOKEN, token_inputs(), held=held, made=earlier) == ()


def test_a_token_that_was_used_is_nobodys_leftover(sandbox: Sandbox) -> None:
    lost = scim_token(sandbox)
    base = sandbox.env["CLOUDFLARE_BASE_URL"]
    headers = {"Authorization": f"Bearer {lost['value']}"}
    url = f"{base}/accounts/{ACCOUNT}/scim/v2/Users"
    assert ids(left(sandbox, TOKEN, token_inputs())) == [("remove", lost["id"])]
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
    assert left(sandbox, TOKEN, token_inputs()) == ()


def test_a_twin_of_an_app_is_deleted_while_nobody_uses_it(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    okta = Okta(sandbox)
    twin, held = okta.app(), okta.app()
    inputs: dict[str, Json] = {"label": "Cloudflare SCIM", "preconfiguredApp": "scim2testapp"}
    now = datetime.now(UTC)
    assert left(sandbox, OKTA_APP, inputs, held=held, again=True) == (), "nothing dates it"
    found = left(sandbox, OKTA_APP, inputs, held=held, made=now)
    assert ids(found) == [("remove", twin)]
    assert left(sandbox, OKTA_APP, inputs, held=held, made=now - timedelta(hours=1)) == ()
    remove(found, {}, {**os.environ, **sandbox.env})
    remove(found, {}, {**os.environ, **sandbox.env})  # gone already is as good
    assert [one["id"] for one in admin.get("state").json()["okta"]["apps"]] == [held]
    stranger = okta.app()
    okta.assign(stranger, okta.group("Everybody here"))
    assert left(sandbox, OKTA_APP, inputs, held=held, made=now) == ()


def test_a_token_with_other_permissions_is_nobodys_leftover(sandbox: Sandbox) -> None:
    scim_token(sandbox)
    assert left(sandbox, TOKEN, token_inputs("f3604047d46144d2a3e9cf4ac99d7f16")) == ()


def test_a_user_group_counts_with_its_exact_policy(sandbox: Sandbox) -> None:
    base = f"/accounts/{ACCOUNT}/iam"
    headers = {"Authorization": f"Bearer {sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    url = sandbox.env["CLOUDFLARE_BASE_URL"] + base
    with httpx.Client(trust_env=False, headers=headers) as client:
        permissions = client.get(f"{url}/permission_groups").json()["result"]
        resource = client.get(f"{url}/resource_groups").json()["result"][0]["id"]
    mine, other = permissions[0]["id"], permissions[1]["id"]
    policy = {
        "access": "allow",
        "permission_groups": [{"id": mine}],
        "resource_groups": [{"id": resource}],
    }
    group = made(sandbox, f"{base}/user_groups", {"name": "Billing", "policies": [policy]})

    def inputs(permission: str) -> dict[str, Json]:
        wanted: dict[str, Json] = {
            "access": "allow",
            "permissionGroups": [{"id": permission}],
            "resourceGroups": [{"id": resource}],
        }
        return {"accountId": ACCOUNT, "name": "Billing", "policies": [wanted]}

    found = left(sandbox, USER_GROUP, inputs(mine))
    assert ids(found) == [("adopt", f"{ACCOUNT}/{group['id']}")]
    assert left(sandbox, USER_GROUP, inputs(other)) == ()


def test_an_okta_group_counts_with_our_description_and_nobody_in_it(sandbox: Sandbox) -> None:
    okta = Okta(sandbox)
    profile = {"name": "Billing", "description": "Gives the Cloudflare role Billing"}
    group = okta.got("POST", "/groups", {"profile": profile})["id"]
    assert ids(left(sandbox, OKTA_GROUP, {**profile})) == [("adopt", group)]
    assert left(sandbox, OKTA_GROUP, {**profile, "description": "Pays the bills"}) == ()
    assert left(sandbox, OKTA_GROUP, {**profile}, again=True) == (), "the stack has it"
    okta.got("PUT", f"/groups/{group}/users/{okta.user('ada')}", status=204)
    assert left(sandbox, OKTA_GROUP, {**profile}) == (), "ada would become Billing"


def test_an_okta_app_counts_while_nobody_uses_it(sandbox: Sandbox) -> None:
    okta = Okta(sandbox)
    app = okta.app()
    inputs: dict[str, Json] = {"label": "Cloudflare SCIM", "preconfiguredApp": "scim2testapp"}
    assert ids(left(sandbox, OKTA_APP, inputs)) == [("adopt", app)]
    twin = okta.app()
    with pytest.raises(ScimError, match=r"2 objects are exactly it .*delete all but one"):
        left(sandbox, OKTA_APP, inputs)
    okta.assign(app, okta.group("Everybody here"))
    assert ids(left(sandbox, OKTA_APP, inputs)) == [("adopt", twin)]


def test_a_push_counts_by_its_group(sandbox: Sandbox) -> None:
    okta = Okta(sandbox)
    app, group, other = okta.app(), okta.group("Billing"), okta.group("Administrator")
    inputs: dict[str, Json] = {"appId": app, "sourceGroupId": group}
    assert left(sandbox, PUSH, inputs) == ()
    sandbox.world.okta.apps[app].provisioning.enabled = True
    path = f"/apps/{app}/group-push/mappings"
    okta.got("POST", path, {"sourceGroupId": other, "targetGroupName": "Administrator"}, 201)
    body = {"sourceGroupId": group, "targetGroupName": "Billing", "status": "ACTIVE"}
    mapping = okta.got("POST", path, body, 201)["id"]
    assert ids(left(sandbox, PUSH, inputs)) == [("adopt", f"{app}/{mapping}")]


def test_an_entra_group_counts_half_made_too(sandbox: Sandbox) -> None:
    graph = Graph(sandbox)
    ada = graph.user_id("ada@example.com")
    inputs: dict[str, Json] = {
        "displayName": "Billing",
        "description": "Gives the Cloudflare role Billing",
        "members": [ada],
    }
    group = graph.group("Billing", "ada@example.com")
    assert left(sandbox, GROUP, inputs) == (), "a group of that name without our description"
    graph.call("PATCH", f"/groups/{group}", {"description": inputs["description"]})
    assert ids(left(sandbox, GROUP, inputs)) == [("adopt", f"/groups/{group}")]
    assert left(sandbox, GROUP, {**inputs, "members": []}) == (), "ada was not asked for"
    graph.call("PATCH", f"/groups/{group}", {"displayName": "TERRAFORM_UPDATE_0f9a"})
    assert ids(left(sandbox, GROUP, inputs)) == [("adopt", f"/groups/{group}")]


def test_an_application_its_job_and_its_assignments(sandbox: Sandbox) -> None:
    graph = Graph(sandbox)
    made_of = f"/applicationTemplates/{TEMPLATE}/instantiate"
    both = graph.call("POST", made_of, {"displayName": "Cloudflare SCIM"})
    app, principal = both["application"]["id"], both["servicePrincipal"]["id"]
    inputs: dict[str, Json] = {"displayName": "Cloudflare SCIM", "templateId": TEMPLATE}
    id_ = f"{made_of}/{app}/{principal}"
    assert ids(left(sandbox, APPLICATION, inputs)) == [("adopt", id_)]
    assert left(sandbox, APPLICATION, inputs, held=id_) == ()

    base = f"/servicePrincipals/{principal}"
    job = graph.call("POST", f"{base}/synchronization/jobs", {"templateId": "scim"})["id"]
    asked: dict[str, Json] = {"servicePrincipalId": base, "templateId": "scim"}
    assert ids(left(sandbox, JOB, asked)) == [("adopt", f"{base}/synchronization/jobs/{job}")]
    assert left(sandbox, APPLICATION, inputs) == (), "somebody provisions by it"

    group = graph.group("Billing")
    body = {"principalId": group, "resourceId": principal, "appRoleId": USER_ROLE}
    one = graph.call("POST", f"{base}/appRoleAssignedTo", body)["id"]
    wanted: dict[str, Json] = {
        "principalObjectId": group,
        "resourceObjectId": principal,
        "appRoleId": USER_ROLE,
    }
    assert ids(left(sandbox, ASSIGNMENT, wanted)) == [("adopt", f"{base}/appRoleAssignedTo/{one}")]
    other: dict[str, Json] = {**wanted, "principalObjectId": principal}
    assert left(sandbox, ASSIGNMENT, other) == ()


def test_nobody_is_asked_where_nothing_is_unfinished(sandbox: Sandbox, admin: httpx.Client) -> None:
    assert find_leftovers(StackState(), {}, {**os.environ, **sandbox.env}) == ()
    assert requests(admin, f"/client/v4/accounts/{ACCOUNT}/tokens") == []
    assert admin.get("requests").json() == []
