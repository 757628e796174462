"""Our Okta client against the sandbox: what it reads is what was set, by exact name."""

import httpx
import pytest

from cfscim.config.okta_switches import by_api
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.api import OktaClient
from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta
from tests.vendors.rest_kit import SCIM_URL, requests, scim_token

ALWAYS = {"since": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}


def test_an_app_as_it_is_set_up(okta: OktaClient, there: Okta) -> None:
    hidden = {"autoSubmitToolbar": False, "hide": {"iOS": True, "web": True}}
    app_id = there.app(visibility=hidden)
    app = okta.app(app_id)
    assert (app.id, app.label, app.name, app.status) == (
        app_id,
        "Cloudflare SCIM",
        "scim2testapp",
        "ACTIVE",
    )
    assert (app.visibility.hide.web, app.visibility.hide.ios) == (True, True)
    assert app.visibility.auto_submit_toolbar is False
    template = app.credentials.user_name_template
    assert (template.template, template.type) == ("${source.email}", "BUILT_IN")
    assert app.features == ()


def test_apps_are_found_by_their_whole_label(okta: OktaClient, there: Okta) -> None:
    app_id = there.app()
    there.app(label="Cloudflare SCIM 2")
    assert [app.id for app in okta.apps_by_label("Cloudflare SCIM")] == [app_id]
    assert okta.apps_by_label("Cloudflare") == ()


def test_what_is_not_there(okta: OktaClient) -> None:
    assert okta.find_app("0oanothing") is None
    assert okta.group_by_name("Nobody") is None
    with pytest.raises(AnswerError) as caught:
        okta.group("00gnothing")
    assert caught.value.kind == "not found"


def test_okta_pretends_for_apps_it_cannot_configure(okta: OktaClient, there: Okta) -> None:
    app_id = there.app()
    connection = okta.connection(app_id)
    assert (connection.status, connection.base_url) == ("UNKNOWN", None)
    assert okta.features(app_id) is None
    assert okta.provisioning_feature(app_id) is None


def test_the_switches_of_an_app_that_can_be_configured(
    okta: OktaClient, there: Okta, admin: httpx.Client
) -> None:
    app_id = there.app("zscalerbyz")
    url = "https://api.cloudflare.com/client/v4/accounts/1/scim/v2"
    connection = {"baseUrl": url, "profile": {"authScheme": "TOKEN", "token": "t"}}
    path = f"/apps/{app_id}/connections/default"
    there.got("POST", f"{path}?activate=true", connection)
    assert okta.connection(app_id).base_url == url
    assert okta.connection(app_id).status == "ENABLED"
    on, off = {"status": "ENABLED"}, {"status": "DISABLED"}
    switches = {
        "create": {"lifecycleCreate": on},
        "update": {"lifecycleDeactivate": on, "profile": off},
    }
    there.got("PUT", f"/apps/{app_id}/features/USER_PROVISIONING", switches)
    feature = okta.provisioning_feature(app_id)
    assert feature is not None
    assert {s.title: feature.setting(s.capability) for s in by_api()} == {
        "Create Users": "ENABLED",
        "Deactivate Users": "ENABLED",
        "Update User Attributes": "DISABLED",
        "Sync Password": "DISABLED",
    }
    assert [one.name for one in okta.features(app_id) or ()] == [
        "USER_PROVISIONING",
        "INBOUND_PROVISIONING",
    ]


def test_groups_are_found_by_their_whole_name(okta: OktaClient, there: Okta) -> None:
    there.group("Administrator Read Only")
    group_id = there.group("Administrator", "ada", "grace")
    group = okta.group_by_name("Administrator")
    assert group is not None
    assert group.id == group_id == okta.group(group_id).id
    assert okta.group_by_name("administrator") is None
    emails = [member.email for member in okta.group_members(group_id)]
    assert emails == ["ada@example.com", "grace@example.com"]


def test_assignments_of_groups_and_people(okta: OktaClient, there: Okta) -> None:
    app_id, group_id = there.app(), there.group("Cloudflare Users", "ada")
    there.assign(app_id, group_id)
    assert [group.id for group in okta.app_groups(app_id)] == [group_id]
    (user,) = okta.app_users(app_id)
    assert (user.user_name, user.scope) == ("ada@example.com", "GROUP")


def test_pushed_groups(okta: OktaClient, there: Okta, sandbox: Sandbox) -> None:
    app_id, group_id = there.app(), there.group("Administrator", "ada")
    token = scim_token(sandbox)["value"]
    switches = {"createUsers": True, "deactivateUsers": True}
    there.console(app_id, baseUrl=SCIM_URL, token=token, **switches).raise_for_status()
    body = {"sourceGroupId": group_id, "targetGroupName": "Administrator", "status": "ACTIVE"}
    made = there.got("POST", f"/apps/{app_id}/group-push/mappings", body)
    (mapping,) = okta.push_mappings(app_id)
    assert (mapping.id, mapping.source_group_id) == (made["id"], group_id)
    assert {"PUSH_NEW_USERS", "GROUP_PUSH"} <= set(okta.app(app_id).features)


def test_people_are_found_whatever_the_case_and_in_parts(
    okta: OktaClient, admin: httpx.Client
) -> None:
    emails = [f"person{number}@example.com" for number in range(65)]
    for email in emails:
        admin.post("users", json={"email": email}).raise_for_status()
    found = okta.users_by_email(
        ["ADA@example.com", *emails, "nobody@example.com", 'o"x@example.com']
    )
    assert [one for one in found if found[one]] == ["ADA@example.com", *emails]
    assert [user.profile.first_name for user in found["ADA@example.com"]] == ["Ada"]
    # Three parts by filter and by search, and who is written otherwise once more by id.
    assert len(requests(admin, "/api/v1/users")) == 7


def test_long_lists_come_whole(okta: OktaClient, there: Okta, admin: httpx.Client) -> None:
    logins = [f"member{number}@example.com" for number in range(205)]
    for login in logins:
        admin.post("users", json={"email": login}).raise_for_status()
    group_id = there.group("Everybody in", *logins)
    assert len(okta.group_members(group_id)) == 205


def test_the_log_of_an_app_newest_first(okta: OktaClient, there: Okta) -> None:
    app_id = there.app()
    there.app(label="Another")
    there.assign(app_id, there.group("Cloudflare Users", "ada"))
    events = okta.logs(app_id, **ALWAYS)
    assert events[-1].event_type == "application.lifecycle.create"
    assert all(app_id in [t.id for t in event.target or ()] for event in events)
    assert events == tuple(sorted(events, key=lambda event: event.published, reverse=True))
    assert len(okta.logs(app_id, **ALWAYS, most=1)) == 1
