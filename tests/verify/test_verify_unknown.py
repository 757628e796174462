"""What cannot be read is never green: a missing permission is named, an owed answer is no pass."""

import re
from dataclasses import replace

import pytest

from cfscim.config.messages import MissingError
from cfscim.verify import Report, Status, run
from cfscim.verify.command import lines
from tests.verify.verify_base import ENTRA, OKTA, OKTA_API, Bases, Combination
from tests.verify.verify_cloudflare_deviations import token
from tests.verify.verify_support import failing, open_questions, show

pytestmark = pytest.mark.usefixtures("no_sockets")

_SIGN_IN = re.compile("/oauth2/|/metadata/|openid-configuration|/discovery/")
_READ_ONLY = ["Application.Read.All", "Group.Read.All", "Synchronization.Read.All", "User.Read.All"]


def _action(report: Report, id_: str) -> str:
    [check] = [one for one in report.checks if one.id == id_]
    assert check.status is Status.UNKNOWN, show(report)
    assert "may not read it" in check.found
    return check.action


def test_permissions_that_entra_lacks_are_named_and_fail_nothing(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    bases.sandbox.world.entra.roles = _READ_ONLY
    report = stack.verify()
    assert failing(report) == {}, show(report)
    assert open_questions(report) == {
        "entra.credentials",
        "entra.people.errors",
        "entra.groups.errors",
    }
    assert "Synchronization.ReadWrite.All" in _action(report, "entra.credentials")
    assert "AuditLog.Read.All" in _action(report, "entra.people.errors")
    assert report.exit_code == 0


def test_permissions_that_cloudflare_lacks_are_named(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    value = stack.outputs.token_value.get_secret_value()
    env = {**stack.env, "CLOUDFLARE_API_TOKEN": value}
    report = replace(stack, env=env).verify()
    assert failing(report) == {}, show(report)
    assert "Account API Tokens Read" in _action(report, "cloudflare.token.permissions")
    assert value not in repr(report)


def test_permissions_that_okta_lacks_are_named(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    bases.sandbox.world.faults.add(
        [{"kind": "403", "vendor": "okta", "path": "/api/v1/groups/.*", "times": None}]
    )
    report = stack.verify()
    assert failing(report) == {}, show(report)
    assert "okta.groups.read" in _action(report, "okta.group.billing")
    assert "okta.groups.read" in _action(report, "cloudflare.members.billing")


def _paths(bases: Bases, combination: Combination) -> set[tuple[str, str]]:
    stack = bases.stack(combination)
    bases.sandbox.world.log.clear()
    stack.verify()
    return {
        (str(entry["method"]), str(entry["path"]))
        for entry in bases.sandbox.world.log.entries()
        if not _SIGN_IN.search(str(entry["path"]))
    }


@pytest.mark.parametrize("combination", [OKTA_API, ENTRA])
def test_no_check_holds_without_the_reading_it_needs(
    bases: Bases, combination: Combination
) -> None:
    paths = _paths(bases, combination)
    assert len(paths) > 15
    before = {c.id for c in bases.stack(combination).verify().checks if c.status is Status.HOLDS}
    for method, path in sorted(paths):
        stack = bases.stack(combination)
        bases.sandbox.world.faults.add(
            [{"kind": "403", "method": method, "path": re.escape(path), "times": None}]
        )
        report = stack.verify()
        held = {check.id for check in report.checks if check.status is Status.HOLDS}
        # Read again through the account's API; and what only dates a change makes nothing hold.
        spare = "/scim/v2/Groups/" in path or path.endswith("/auditLogs/directoryAudits")
        assert spare or before - held, path


def test_refused_credentials_are_no_pass(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    env = {**stack.env, "OKTA_API_TOKEN": "00" + "x" * 40}
    report = replace(stack, env=env).verify()
    assert failing(report) == {}, show(report)
    assert report.exit_code == 3
    assert "x" * 40 not in repr(report)


def test_no_credentials_are_named_at_once(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    env = {key: value for key, value in stack.env.items() if key != "OKTA_API_TOKEN"}
    with pytest.raises(MissingError, match="OKTA_API_TOKEN"):
        run(stack.config, stack.outputs, {}, env, lambda _line: None)


def test_a_vendor_that_does_not_answer_is_no_pass(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    env = {**stack.env, "CLOUDFLARE_BASE_URL": "http://127.0.0.1:9/client/v4"}
    stack = replace(stack, env=env)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cfscim.vendors.http.delay", lambda *_: 0.0)
        report = stack.verify()
    assert report.exit_code == 3, show(report)
    assert not [
        check
        for check in report.checks
        if check.vendor == "Cloudflare" and check.status is Status.HOLDS
    ]
    # One line for a vendor that cannot be reached, whatever was asked of it.
    (line,) = (line for line in lines(report.checks) if "does not answer" in line)
    assert re.match(r"cannot be known  Cloudflare: \d\d checks: found 127.0.0.1:9 does not", line)


def test_the_value_of_the_token_stands_in_no_line(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    token(bases.sandbox.world).status = "disabled"
    value = stack.outputs.token_value.get_secret_value()
    assert value not in repr(stack.verify())
    assert value not in repr(stack.outputs)


def test_people_without_names_are_no_pass(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    bases.sandbox.world.entra.roles = [one for one in _READ_ONLY if one != "User.Read.All"]
    report = stack.verify()
    assert failing(report) == {}, show(report)
    in_groups = [one for one in report.checks if one.id.startswith("entra.members.")]
    # Nobody is in the fifth.
    every = [one for one in in_groups if one.id != "entra.members.administrator-read-only"]
    assert len(every) == 4
    for check in every:
        assert check.status is Status.UNKNOWN, check
        assert check.action == "grant User.Read.All (docs/permissions.md)"


def test_a_twin_of_the_users_group_hides_nothing(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    groups = bases.sandbox.world.entra.groups
    [ours] = [one for one in groups.values() if one.text("displayName") == "Cloudflare Users"]
    twin = ours.model_copy(deep=True, update={"id": "0" * 8 + ours.id[8:], "members": []})
    twin.properties["id"] = twin.id
    groups[twin.id] = twin
    report = stack.verify()
    assert failing(report) == {}, show(report)
    assert not {one for one in open_questions(report) if one.startswith("entra.")}, show(report)
