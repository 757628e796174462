"""Okta's `not yet` is each person's: a later change of the same group puts nobody's time off."""

from datetime import UTC, datetime, timedelta

import pytest

from cfscim.config.models import parse_config
from cfscim.config.roles import Role
from cfscim.vendors.okta.models import Group, LogEvent, PushMapping, User
from cfscim.verify.links import OktaLinks
from cfscim.verify.okta_facts import LONGEST, OktaDirectory, OktaFacts
from cfscim.verify.reading import Reading
from tests.configs import config_object
from tests.verify.test_verify_pure import _facts

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROLE = Role.ADMINISTRATOR
ADA, ALAN = "ada@example.com", "alan@example.com"


def ago(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def event(person: str, minutes: int, what: str = "add") -> LogEvent:
    targets = [
        {"id": f"00u{person}", "type": "User", "alternateId": person},
        {"id": "00g1", "type": "UserGroup"},
    ]
    return LogEvent.model_validate(
        {
            "uuid": f"{person}{minutes}",
            "eventType": f"group.user_membership.{what}",
            "published": ago(minutes),
            "target": targets,
        }
    )


def directory(log: tuple[LogEvent, ...] | None, last: int) -> OktaDirectory:
    """Ada was put in 70 minutes ago and Alan 10, and neither was pushed since."""
    group = {
        "id": "00g1",
        "type": "OKTA_GROUP",
        "profile": {"name": ROLE.value},
        "lastMembershipUpdated": ago(last),
    }
    mapping = {
        "id": "gPm1",
        "status": "ACTIVE",
        "sourceGroupId": "00g1",
        "created": ago(9000),
        "lastPush": ago(90),
    }
    people = tuple(
        User.model_validate({"id": f"00u{one}", "status": "ACTIVE", "profile": {"login": one}})
        for one in (ADA, ALAN)
    )
    facts = _facts(
        OktaFacts,
        groups={ROLE: Reading.of(Group.model_validate(group))},
        mappings=Reading.of((PushMapping.model_validate(mapping),)),
        members={role: Reading.of(people) for role in Role},
        users=Reading.of(people),
        changes=lambda _now: log,
    )
    config = parse_config(config_object(), stack="dev")
    okta = config.identity_provider
    return OktaDirectory(config, facts, OktaLinks(okta, "0oa1", "okta.com"), NOW)  # type: ignore[arg-type]


LOG = (event(ALAN, 10), event(ADA, 70))


@pytest.mark.parametrize(
    ("log", "last", "people", "due"),
    [
        (LOG, 10, [{ALAN}], 10),
        (LOG, 10, [{ADA}], None),
        (LOG, 10, [{ADA}, {ALAN}], None),
        ((*LOG, event(ADA, 5)), 5, [{ADA}, {ALAN}], 10),
        (None, 10, [{ADA}], 10),  # without the right to read it the group's date stands
        ((event(ADA, 70),), 10, [{ADA}], 10),  # so it does where the log is behind the group
        (LOG, 10, [], 10),
        ((event("a.login", 10, "remove"), *LOG), 10, [{"gone@example.com"}], 10),
    ],
)
def test_each_person_has_a_time_of_its_own(
    log: tuple[LogEvent, ...] | None, last: int, people: list[set[str]], due: int | None
) -> None:
    found = directory(log, last).delivery(ROLE, people).due(NOW)
    assert found == (NOW - timedelta(minutes=due) + LONGEST if due is not None else None)
