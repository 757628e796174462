"""Checks on answers that no sandbox gives: UNKNOWN in every setting, groups within groups."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from cfscim.config import okta_switches
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.okta_switches import PUSH_GROUPS, SWITCHES, Page, Switch
from cfscim.vendors.cloudflare.models import ApiToken
from cfscim.vendors.entra.models import Member
from cfscim.vendors.okta.models import App, Connection
from cfscim.verify.cloudflare_facts import CloudflareFacts
from cfscim.verify.directory import Person, compare, named
from cfscim.verify.entra_facts import EntraFacts
from cfscim.verify.entra_groups import EntraGroups
from cfscim.verify.links import EntraLinks, OktaLinks
from cfscim.verify.okta import app_questions
from cfscim.verify.okta_facts import OktaFacts
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Reading
from cfscim.verify.report import Check, Question, Status, answer
from cfscim.verify.token import token_questions
from tests.configs import config_object
from tests.verify.test_verify_outputs import _outputs

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _facts(kind, **known):
    """Facts of which only `known` were read; another reading is a bug of the check."""
    readings = {field.name: Reading.of(None) for field in fields(kind)}
    return kind(**{**readings, **known})


def _config(kind: str, **provider: object) -> ScimConfig:
    given = config_object(kind)
    given["identityProvider"] = {**given["identityProvider"], **provider}  # type: ignore[dict-item]
    return parse_config(given, stack="dev")


def _asked(questions: Iterable[Question], id_: str) -> Check:
    return next(answer(question) for question in questions if question.id == id_)


@pytest.mark.parametrize("integration", ["console", "api"])
@pytest.mark.parametrize("status", ["UNKNOWN", "DISABLED", "", "ENABLED "])
def test_a_connection_that_is_not_enabled_never_holds(integration: str, status: str) -> None:
    config = _config("okta", apiIntegration=integration)
    links = OktaLinks(config.okta, "0oa1", "okta.com")
    app = App(id="0oa1", label="Cloudflare SCIM", status="ACTIVE")
    facts = _facts(
        OktaFacts,
        app=Reading.of(app),
        connection=Reading.of(Connection(status=status)),
        features=Reading.of(None),
    )
    questions = app_questions(config, facts, links, leaving=False)
    assert _asked(questions, "okta.connection").status is not Status.HOLDS
    if integration == "api":
        questions = app_questions(config, facts, links, leaving=False)
        assert _asked(questions, "okta.featuresApi").status is Status.FAILS


def test_a_new_switch_of_okta_s_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Switch("Sync Badges", "PUSH_BADGES", Page.TO_APP, on=True)
    monkeypatch.setattr(okta_switches, "SWITCHES", (*SWITCHES, new))
    config = _config("okta")
    links = OktaLinks(config.okta, "0oa1", "okta.com")
    app = App(id="0oa1", label="Cloudflare SCIM", status="ACTIVE", features=(PUSH_GROUPS.name,))
    facts = _facts(OktaFacts, app=Reading.of(app))
    questions = app_questions(config, facts, links, leaving=False)
    check = _asked(questions, "okta.features.PUSH_BADGES")
    assert (check.status, check.found) == (Status.FAILS, "off")
    assert check.action == "Provisioning > To App > Edit, enable Sync Badges, then Save"


def test_a_group_within_an_entra_group_is_named() -> None:
    config = _config("entra")
    nested = Member(id="g2", kind="#microsoft.graph.group", display_name="Inner")
    members = {role: Reading.of((nested,)) for role in config.roles}
    ids = {role: f"g-{role.slug}" for role in config.roles}
    facts = _facts(EntraFacts, members=members, within={}, group_ids=ids)
    groups = EntraGroups(config, facts, EntraLinks("sp", "job"))
    for short in ("administrator-read-only", "administrator", "billing"):
        check = _asked(groups.questions(), f"entra.members.{short}")
        assert check.status is Status.FAILS
        assert "Inner" in check.found


@pytest.mark.parametrize(
    ("days", "status", "words"),
    [
        (300, Status.HOLDS, "in 300 days"),
        (20, Status.HOLDS, "renew it soon"),
        (6, Status.FAILS, "in 6 days"),
        (-1, Status.FAILS, "is over"),
    ],
)
def test_the_days_until_the_token_ends(days: int, status: Status, words: str) -> None:
    ends = NOW + timedelta(days=days)
    given = config_object()
    given["token"] = {"expiresOn": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
    config = parse_config(given, stack="dev")
    token = ApiToken(id="t1", name="n", status="active", expires_on=ends)
    facts = _facts(CloudflareFacts, token=Reading.of(token))
    outputs = StackOutputs.model_validate(_outputs())
    check = _asked(
        token_questions(config, outputs, facts, NOW, timedelta(hours=1)), "cloudflare.token.expiry"
    )
    assert check.status is status
    assert words in check.found


def test_people_are_compared_without_case_and_the_deactivated_are_not_wanted() -> None:
    ada = Person("Ada@example.com", frozenset({"ada@example.com"}))
    off = Person("alan@example.com", frozenset({"alan@example.com"}), off="disabled")
    assert not compare([ada, off], ["ADA@example.com"], ()).missing
    assert compare([ada, off], ["ADA@example.com"], ["Alan@example.com"]).missing == [off]
    assert compare([ada, off], ["ada@example.com", "Alan@example.com"], ()).extra == [
        "Alan@example.com"
    ]


def test_a_long_list_is_cut_and_counted() -> None:
    assert named([str(number) for number in range(12)]).endswith("9 and 2 more")
