"""The engine refuses what the rules refuse, lets a waiver in force pass, and no ended one."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tests.config.policy_kit import config_object
from tests.engine.policy_engine import Previews, previews  # noqa: F401 - the fixture

BAD_PROGRAM = Path(__file__).parent / "bad_program"
IN_FORCE = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
PEOPLE = ["ada@example.com", "grace@example.com", "alan@example.com"]


def _value(**changes: object) -> dict[str, object]:
    roles = {
        "Administrator": {"members": PEOPLE},
        "Super Administrator - All Privileges": {
            "members": ["grace@example.com", "alan@example.com"]
        },
    }
    return config_object(**{"roles": roles, **changes})


def _waiver(until: str) -> dict[str, str]:
    return {"rule": "token-expiry", "until": until, "by": "grace@example.com", "reason": "test"}


def _refusing(text: str) -> set[str]:
    return set(re.findall(r"\[mandatory\]\s+([a-z-]+)", text))


def _named(policies: str) -> list[tuple[str, str]]:
    """Rule and resource of every violation about a resource."""
    lines = re.findall(r"\[mandatory\]\s+([a-z-]+).*?\(\S+: (\S+?)\)", policies)
    return [(rule, name) for rule, name in lines]


def test_sound_stack_passes(previews: Previews) -> None:  # noqa: F811
    done = previews.run(_value())
    assert (done.code, _refusing(done.text)) == (0, set()), done.text


def test_waiver_in_force_and_ended(previews: Previews) -> None:  # noqa: F811
    passed = previews.run(_value(token={}, waivers=[_waiver(IN_FORCE)]))
    assert (passed.code, _refusing(passed.text)) == (0, set()), passed.text
    assert f"token-expiry, until {IN_FORCE} by grace@example.com (test)" in passed.text
    refused = previews.run(_value(token={}, waivers=[_waiver("2026-01-31")]))
    assert refused.code != 0
    assert _refusing(refused.text) == {"token-expiry"}
    assert "the waiver by grace@example.com ended on 2026-01-31" in refused.text


def test_config_rules_refuse(previews: Previews) -> None:  # noqa: F811
    before = {"config": {"cloudflare-scim:scim": _value()}}
    file = previews._folder / "Pulumi.before.yaml"
    file.write_text(yaml.safe_dump(before))
    roles = {"Administrator": {"members": []}}
    refused = previews.run(
        _value(
            roleModel="virtualGroups",
            roles=roles,
            waivers=[{**_waiver(IN_FORCE), "rule": "none"}],
        ),
        settings={"removal-share": {"beforeFile": str(file)}},
    )
    assert refused.code != 0
    assert _refusing(refused.text) == {
        "two-super-administrators",
        "production-user-groups",
        "removal-share",
        "waiver-known",
    }
    assert all(person in refused.text for person in PEOPLE)


def test_without_the_config_of_before_the_pack_refuses(previews: Previews) -> None:  # noqa: F811
    refused = previews.run(_value(), settings=None)
    assert refused.code != 0
    assert _refusing(refused.text) == {"removal-share"}
    assert "beforeFile is not given" in refused.text


def test_resource_rules_refuse(previews: Previews) -> None:  # noqa: F811
    refused = previews.run(_value(), program=BAD_PROGRAM)
    assert refused.code != 0
    assert _refusing(refused.text) == {
        "token-one-account",
        "token-permissions",
        "token-expiry",
        "token-rotation",
        "four-roles",
        "groups-and-app-protected",
        "push-keeps-groups",
        "no-plain-secret",
        "four-roles-links",
    }
    policies = refused.text.partition("Policies:")[2].partition("Diagnostics:")[0]
    assert "(okta:group:Group: group)" in policies.replace("group/group", "group")
    # Sound in itself, and yet nothing that the config accounts for.
    assert {rule for rule, name in _named(policies) if name.startswith("sound-")} <= {"four-roles"}
    assert "a1B2" not in policies
