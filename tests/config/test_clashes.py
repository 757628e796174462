"""What is found between stack files, and what is rightly not."""

from pathlib import Path

import pytest

from cfscim.config.clashes import clashes
from cfscim.config.messages import Message
from cfscim.config.stack_file import check_stack_file
from tests.config.config_samples import NOW


def stack(
    account: int,
    *,
    kind: str = "okta",
    org: str = "example",
    tenant: str = "",
    label: str = "App",
    prefix: str = "",
    users: str = "Users",
    model: str = "userGroups",
    glass: str = "",
    admin: str = "",
) -> str:
    """A small stack file; the parameters are what clashes are about."""
    where = f"orgName: {org}, appLabel: {label}" if kind == "okta" else f"appName: {label}"
    provider = f"  azuread:tenantId: {tenant}\n" if tenant else ""
    return (
        f"config:\n{provider}  cloudflare-scim:scim:\n"
        f"    account: {{id: '{account:032x}', name: A}}\n"
        f"    roleModel: {model}\n    groupPrefix: '{prefix}'\n    breakGlass: [{glass}]\n"
        f"    roles: {{Administrator: {{members: [{admin}]}}}}\n"
        f"    identityProvider: {{kind: {kind}, {where}, usersGroup: {{name: {users}}}}}\n"
    )


def found(folder: Path, *texts: str) -> list[Message]:
    checked = []
    for number, text in enumerate(texts):
        path = folder / f"Pulumi.s{number}.yaml"
        path.write_text(text)
        checked.append(check_stack_file(path, now=NOW))
    assert [str(problem) for one in checked for problem in one.problems] == []
    return clashes(checked)


def paths(problems: list[Message]) -> list[str]:
    return [problem.where.path.removeprefix("cloudflare-scim:scim.") for problem in problems]


def test_the_same_account_twice(tmp_path: Path) -> None:
    problems = found(tmp_path, stack(1), stack(1, org="other"), stack(2, org="third"))
    (problem,) = problems
    assert paths(problems) == ["account.id"]
    assert problem.where.file == str(tmp_path / "Pulumi.s1.yaml")
    assert f"{tmp_path}/Pulumi.s0.yaml:3" in problem.what
    assert problem.where.line == 3


def test_the_same_names_in_one_okta_organisation(tmp_path: Path) -> None:
    problems = found(tmp_path, stack(1), stack(2, org="Example", label="app", users="USERS"))
    assert paths(problems) == [
        "identityProvider.appLabel",
        "identityProvider.usersGroup.name",
        "roles.Administrator",
    ]


def test_a_clash_of_prefixed_groups_stands_at_the_prefix(tmp_path: Path) -> None:
    one = stack(1, prefix="T ", label="A", users="U1")
    two = stack(2, prefix="T ", label="B", users="U2")
    assert paths(found(tmp_path, one, two)) == ["groupPrefix"]


def test_of_several_groups_in_one_clash_the_first_is_named(tmp_path: Path) -> None:
    four = "roles: {Administrator: {}, Billing: {}}"
    one = stack(1, label="A", users="U1").replace("roles: {Administrator: {members: []}}", four)
    two = stack(2, label="B", users="U2").replace("roles: {Administrator: {members: []}}", four)
    assert paths(found(tmp_path, one, two)) == ["roles.Administrator"]


def test_two_stacks_for_one_account_are_one_problem(tmp_path: Path) -> None:
    assert paths(found(tmp_path, stack(1), stack(1))) == ["account.id"]


def test_a_users_group_with_the_name_of_another_stack_s_role_group(tmp_path: Path) -> None:
    one = stack(1, label="A", users="U1", prefix="T ")
    two = stack(2, label="B", users="T Administrator")
    assert paths(found(tmp_path, one, two)) == ["identityProvider.usersGroup.name"]


def test_own_names_in_one_organisation_are_no_clash(tmp_path: Path) -> None:
    one = stack(1, prefix="One ", label="A", users="U1")
    two = stack(2, prefix="Two ", label="B", users="U2")
    assert found(tmp_path, one, two) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"org": "one"}, {"org": "two"}),
        ({"kind": "entra", "tenant": "a"}, {"kind": "entra", "tenant": "b"}),
        ({"kind": "entra", "tenant": "a"}, {"kind": "entra"}),
        ({"kind": "okta"}, {"kind": "entra"}),
    ],
)
def test_the_same_names_in_two_tenants_are_no_clash(
    tmp_path: Path, one: dict[str, str], two: dict[str, str]
) -> None:
    assert found(tmp_path, stack(1, **one), stack(2, **two)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("tenant", ["", "a"])
def test_the_same_names_in_one_entra_tenant(tmp_path: Path, tenant: str) -> None:
    one, two = (stack(n, kind="entra", tenant=tenant) for n in (1, 2))
    assert paths(found(tmp_path, one, two)) == [
        "identityProvider.appName",
        "identityProvider.usersGroup.name",
        "roles.Administrator",
    ]


def test_virtual_groups_in_entra_carry_the_account_and_never_clash(tmp_path: Path) -> None:
    one = stack(1, kind="entra", model="virtualGroups", label="A", users="U1")
    two = stack(2, kind="entra", model="virtualGroups", label="B", users="U2")
    assert found(tmp_path, one, two) == []


def test_virtual_groups_in_okta_cannot_serve_two_accounts(tmp_path: Path) -> None:
    one = stack(1, model="virtualGroups", label="A", users="U1")
    two = stack(2, model="virtualGroups", label="B", users="U2")
    assert paths(found(tmp_path, one, two)) == ["roles.Administrator"]


def test_a_person_kept_outside_by_one_stack_and_provisioned_by_another(tmp_path: Path) -> None:
    one = stack(1, glass="Owner@example.com")
    two = stack(1, org="other", admin="owner@example.com")
    assert paths(found(tmp_path, one, two)) == ["account.id", "breakGlass[0]"]


def test_break_glass_of_another_account_is_no_contradiction(tmp_path: Path) -> None:
    one = stack(1, glass="owner@example.com")
    two = stack(2, org="other", admin="owner@example.com")
    assert found(tmp_path, one, two) == []


def test_a_file_with_problems_takes_no_part(tmp_path: Path) -> None:
    bad = tmp_path / "Pulumi.bad.yaml"
    bad.write_text("config: {}")
    good = tmp_path / "Pulumi.good.yaml"
    good.write_text(stack(1))
    assert clashes([check_stack_file(bad, now=NOW), check_stack_file(good, now=NOW)]) == []


def test_the_new_names_of_a_move_are_claimed_too(tmp_path: Path) -> None:
    move = "    move: {to: {groupPrefix: 'N '}, until: '2026-12-31', by: ada@example.com, reason: it}\n"
    one = stack(1, prefix="N ", label="A", users="U1")
    two = stack(2, prefix="T ", label="B", users="U2") + move
    assert paths(found(tmp_path, one, two)) == ["move.to.groupPrefix"]
