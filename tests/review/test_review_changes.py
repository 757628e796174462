"""What becomes of each resource, by the providers' rules on what forces a replacement."""

import importlib
from pathlib import Path

import pytest

from cfscim.config.kinds import KINDS
from cfscim.program.registrations import Options, Registration, Value
from cfscim.review.changes import KNOWN_LATER, Action, PropertyChange, resource_changes
from components.rest_resource import RepeatedProvider, RestProvider
from tests.configs import COMBINATIONS
from tests.plan.guide_kit import guide_plan

NO_OPTIONS = Options()
COMPONENTS = Path(__file__).parents[2] / "components"


def resource(
    name: str = "group",
    type_: str = "okta:group/group:Group",
    fed_by: dict[str, tuple[str, ...]] | None = None,
    parent: str | None = None,
    custom: bool = True,
    options: Options = NO_OPTIONS,
    **inputs: Value,
) -> Registration:
    return Registration(type_, name, parent, inputs, options, custom, fed_by or {})


def only_change(before: Registration, after: Registration):
    (change,) = resource_changes([before], [after], "dev")
    return change


def test_the_same_program_changes_nothing() -> None:
    assert resource_changes([resource(name_="a")], [resource(name_="a")], "dev") == ()


def test_an_input_that_no_rule_names_is_updated_in_place() -> None:
    change = only_change(resource(description="a"), resource(description="b"))
    assert change.action is Action.UPDATE
    (one,) = change.changes
    assert (one.path, one.old, one.new) == ("description", "a", "b")


@pytest.mark.parametrize(
    ("type_", "key"),
    [(type_, key) for type_, kind in KINDS.items() for key in sorted(kind.forces_new)],
)
def test_an_input_that_means_another_object_replaces(type_: str, key: str) -> None:
    change = only_change(resource(type_=type_, **{key: "a"}), resource(type_=type_, **{key: "b"}))
    assert change.action is Action.REPLACE
    assert change.reasons == (PropertyChange(key, "a", "b"),)


def test_a_component_s_own_replace_on_changes_replaces() -> None:
    options = Options(replace_on_changes=("displayName",))
    change = only_change(
        resource(options=options, displayName="a"), resource(options=options, displayName="b")
    )
    assert change.action is Action.REPLACE


def test_another_rotation_replaces_and_is_the_reason() -> None:
    change = only_change(
        resource(options=Options(replacement_trigger="1")),
        resource(options=Options(replacement_trigger="2")),
    )
    assert (change.action, change.reasons) == (
        Action.REPLACE,
        (PropertyChange("token.rotation", "1", "2"),),
    )


def test_a_protected_resource_refuses_replacement_and_deletion() -> None:
    options = Options(protect=True, replace_on_changes=("name_",))
    old = resource(options=options, name_="a")
    assert only_change(old, resource(options=options, name_="b")).refused
    (deleted,) = resource_changes([old], [], "dev")
    assert (deleted.action, deleted.refused) == (Action.DELETE, True)
    assert not only_change(old, resource(options=options, name_="a", x="y")).refused


def test_a_retained_resource_is_only_forgotten() -> None:
    (deleted,) = resource_changes([resource(options=Options(retain_on_delete=True))], [], "dev")
    assert (deleted.retained, deleted.refused) == (True, False)


def test_an_ignored_input_changes_nothing() -> None:
    options = Options(ignore_changes=("members",))
    old, new = resource(members=["a"]), resource(options=options)
    assert resource_changes([old], [new], "dev") == ()


def test_under_another_parent_it_is_another_resource() -> None:
    above = resource("above", "cloudflare-scim:index:A", custom=False)
    other = resource("other", "cloudflare-scim:index:B", custom=False)
    changes = resource_changes(
        [above, resource(parent="above")], [other, resource(parent="other")], "dev"
    )
    assert [change.action for change in changes] == [Action.CREATE, Action.DELETE]
    assert "::cloudflare-scim:index:B$okta:group/group:Group::group" in changes[0].urn


def test_what_is_made_from_a_replaced_resource_changes_too() -> None:
    token = {"type_": "cloudflare:index/accountToken:AccountToken", "name": "token"}
    secret = resource(
        "secret",
        "azuread:index/synchronizationSecret:SynchronizationSecret",
        fed_by={"credentials": ("token",)},
        credentials=[{"key": "A", "value": "plain"}, {"key": "B", "value": "[secret]"}],
    )
    push = resource(
        "push", "okta:index/pushGroup:PushGroup", fed_by={"appId": ("token",)}, appId="${token.id}"
    )
    changes = resource_changes(
        [resource(**token, accountId="a"), secret, push],
        [resource(**token, accountId="b"), secret, push],
        "dev",
    )
    assert [change.action for change in changes] == [Action.REPLACE, Action.UPDATE, Action.REPLACE]
    (one,) = changes[1].changes
    assert (one.path, one.new) == ("credentials[B].value", KNOWN_LATER)


def test_a_refused_replacement_changes_nothing_after_it() -> None:
    options = Options(protect=True)
    app = {"type_": "okta:app/saml:Saml", "name": "app", "options": options}
    push = resource("push", fed_by={"appId": ("app",)}, appId="${app.id}")
    changes = resource_changes(
        [resource(**app, preconfiguredApp="a"), push],
        [resource(**app, preconfiguredApp="b"), push],
        "dev",
    )
    assert [change.resource.name for change in changes] == ["app"]


def test_an_in_place_update_keeps_the_token_s_value() -> None:
    token = {"type_": "cloudflare:index/accountToken:AccountToken", "name": "token"}
    user = resource("user", fed_by={"tokenId": ("token",)}, tokenId="${token.id}")
    changes = resource_changes(
        [resource(**token, name_="a"), user], [resource(**token, name_="b"), user], "dev"
    )
    assert [change.resource.name for change in changes] == ["token"]


def test_every_type_that_a_plan_declares_is_known_in_words() -> None:
    declared = {
        one["type"] for combination in COMBINATIONS for one in guide_plan(combination)["resources"]
    }
    remote = {type_ for type_ in declared if not type_.startswith("cloudflare-scim:index:")}
    assert remote - KINDS.keys() == set()


def test_our_own_resources_replace_on_what_their_components_say() -> None:
    for module in COMPONENTS.glob("*.py"):
        importlib.import_module(f"components.{module.stem}")
    said = {
        provider.__name__.removesuffix("Provider"): frozenset(provider.replace_on)
        for provider in (*RestProvider.__subclasses__(), *RepeatedProvider.__subclasses__())
        if provider is not RepeatedProvider
    }
    prefix = "pulumi-python:dynamic/cloudflare-scim:"
    ours = {t.removeprefix(prefix): k.forces_new for t, k in KINDS.items() if t.startswith(prefix)}
    assert ours == said
