"""The official Okta Python client, unchanged, against the sandbox.

It insists on https unless told otherwise, so its own switch for tests is set. Its plain-text
models check the answers' types once more.
"""

import asyncio
from typing import Any

import httpx
import pytest
from okta import models
from okta.client import Client

from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta, Target


@pytest.fixture(autouse=True)
def allow_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def client(sandbox: Sandbox, **config: Any) -> Any:
    settings = {
        "orgUrl": sandbox.world.http_base,
        "token": sandbox.env["OKTA_API_TOKEN"],
        "rateLimit": {"maxRetries": 0},
    }
    return Client({**settings, **config})


async def got(call: Any) -> Any:
    answer = await call
    assert answer[-1] is None, answer[-1]
    return answer[0]


def test_people_and_groups(sandbox: Sandbox) -> None:
    async def use() -> None:
        okta = client(sandbox)
        (ada,) = await got(okta.list_users(search='profile.email eq "ada@example.com"'))
        profile = models.OktaUserGroupProfile(name="Billing", description="who pays")
        group = await got(okta.add_group(models.AddGroupRequest(profile=profile)))
        await got(okta.assign_user_to_group(group.id, ada.id))
        members = await got(okta.list_group_users(group.id))
        assert [user.profile.login for user in members] == ["ada@example.com"]
        assert group.id in [g.id for g in await got(okta.list_user_groups(ada.id))]
        assert (await got(okta.get_user("me"))).profile.first_name == "Okta"

    asyncio.run(use())


def test_app_with_connection_features_and_push(sandbox: Sandbox) -> None:
    # The client's SAML model never sends ``name``, so it cannot add an app of the catalogue.
    with Okta(sandbox) as helper:
        app_id = helper.app("zscalerbyz")

    async def use(target: Target) -> None:
        okta = client(sandbox)
        app = await got(okta.get_application(app_id))
        assert (app.sign_on_mode, app.visibility.hide.web) == ("SAML_2_0", False)
        profile = {"authScheme": "TOKEN", "token": "target-token-0123456789"}
        request = models.UpdateDefaultProvisioningConnectionForApplicationRequest(
            models.ProvisioningConnectionTokenRequest(base_url=target.url, profile=profile)
        )
        update = okta.update_default_provisioning_connection_for_application
        await got(update(app.id, request))
        await got(okta.activate_default_provisioning_connection_for_application(app.id))
        read = await got(okta.get_default_provisioning_connection_for_application(app.id))
        assert read.status == "ENABLED"
        capabilities = models.CapabilitiesObject.from_dict(
            {"create": {"lifecycleCreate": {"status": "ENABLED"}}}
        )
        feature = models.UpdateFeatureForApplicationRequest(capabilities)
        await got(okta.update_feature_for_application(app.id, "USER_PROVISIONING", feature))
        shown = await got(okta.get_feature_for_application(app.id, "USER_PROVISIONING"))
        assert shown.capabilities.create.lifecycle_create.status == "ENABLED"
        profile = models.OktaUserGroupProfile(name="Billing")
        group = await got(okta.add_group(models.AddGroupRequest(profile=profile)))
        assignment = models.ApplicationGroupAssignment()
        await got(okta.assign_group_to_application(app.id, group.id, assignment))
        body = models.CreateGroupPushMappingRequest(
            source_group_id=group.id, target_group_name="Billing"
        )
        await got(
            okta.create_group_push_mapping(app.id, body)
        )  # 200, of which the client reads nothing
        [mapping] = await got(okta.list_group_push_mappings(app.id))
        assert mapping.source_group_id == group.id
        off = models.UpdateGroupPushMappingRequest(status="INACTIVE")
        await got(okta.update_group_push_mapping(app.id, mapping.id, off))
        await got(okta.delete_group_push_mapping(app.id, mapping.id, delete_target_group=False))
        assert [a.id for a in await got(okta.list_application_group_assignments(app.id))]
        assert len(await got(okta.list_application_keys(app.id))) == 1
        events = await got(okta.list_log_events(until="2100-01-01T00:00:00Z"))
        assert "application.lifecycle.create" in [event.event_type for event in events]
        await got(okta.deactivate_application(app.id))
        await got(okta.delete_application(app.id))

    with Target() as target:
        asyncio.run(use(target))


def test_scim_test_app_says_unknown(sandbox: Sandbox) -> None:
    with Okta(sandbox) as helper:
        app_id = helper.app()

    async def use() -> None:
        call = client(sandbox).get_default_provisioning_connection_for_application(app_id)
        assert (await got(call)).status == "UNKNOWN"

    asyncio.run(use())


def test_pages_follow_the_links(sandbox: Sandbox) -> None:
    async def use() -> None:
        okta, found, after = client(sandbox), 0, None
        while True:
            users, response, error = await okta.list_users(limit=4, after=after)
            assert error is None
            found += len(users)
            link = response.headers.get("Link", "")
            if 'rel="next"' not in str(response.headers):
                break
            after = httpx.URL(_next(response.headers, link)).params["after"]
        assert found == 6

    asyncio.run(use())


def _next(headers: Any, link: str) -> str:
    every = headers.getall("Link") if hasattr(headers, "getall") else link.split(", ")
    return next(text for text in every if 'rel="next"' in text).partition(">")[0].lstrip("<")


def test_through_the_proxy_setting(sandbox: Sandbox) -> None:
    async def use() -> None:
        proxy = {"host": "127.0.0.1", "port": int(sandbox.world.http_base.rpartition(":")[2])}
        okta = client(sandbox, orgUrl="http://example.okta.com", proxy=proxy)
        assert (await got(okta.get_user("ada@example.com"))).profile.last_name == "Lovelace"

    asyncio.run(use())


def test_private_key_and_its_scopes(sandbox: Sandbox, admin: httpx.Client) -> None:
    app = admin.get("okta/oauth").json()

    async def use() -> None:
        okta = client(
            sandbox,
            token=None,
            authorizationMode="PrivateKey",
            clientId=app["clientId"],
            privateKey=app["privateKey"],
            kid=app["privateKeyId"],
            scopes=["okta.groups.read"],
        )
        assert [g.profile.actual_instance.name for g in await got(okta.list_groups())] == [
            "Everyone"
        ]
        _, _, error = await okta.list_users()
        assert "E0000006" in str(error)

    asyncio.run(use())
