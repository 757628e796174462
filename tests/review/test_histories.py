"""300 random histories of five changes hold the promises, judged from the raw config alone.

Every config and every change is judged in its config and its review of people; the program runs for
one history in `EVERY`, and for all of them with `CFSCIM_FULL_MATRIX=1` (40 ms of CPU a run). Twelve
histories, three by default, are carried out on the sandbox.
"""

import json
import os
import re
from datetime import date
from functools import cache
from itertools import pairwise

import httpx
import pytest

from cfscim.config.lanes import primary
from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.config.policy.rules import evaluate
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.plan.model import Plan, as_json, plan_of
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.placeholders import Placeholders
from cfscim.program.run import run_program
from cfscim.rehearsal import RehearsalDeployer
from cfscim.report.markdown import render
from cfscim.review.changes import Action
from cfscim.review.compare import compare, people_change
from cfscim.review.report import review_document, review_json
from sandbox.server.server import Sandbox
from sandbox.server.world import VENDORS
from tests.rehearsal.rehearsal_support import requests, roles_by_person
from tests.review.histories import (
    EVERY_DAY,
    PEOPLE,
    SLUGS,
    Config,
    grants,
    group_of,
    history,
    in_force,
    listed,
    may_go,
    ways,
)
from tests.scenarios import Console, Stage

HISTORIES = 300
EVERY = 1 if os.environ.get("CFSCIM_FULL_MATRIX") == "1" else 60
TODAY = date(2026, 11, 26)
WRITES = ("POST", "PUT", "PATCH", "DELETE")
CANARY = "canary-5b1e-token-value"
PERMISSIONS = {
    "account": {"SCIM Provisioning"},
    "user": {
        *("Account Settings Read", "Account Settings Write"),
        *("Memberships Read", "Memberships Write"),
    },
}


class _Answering(Placeholders):
    """A vendor that really answers with a token value."""

    def new_resource(self, args) -> tuple[str, dict[str, object]]:
        id_, outputs = super().new_resource(args)
        return id_, {key: CANARY if key == "value" else one for key, one in outputs.items()}


@cache
def histories() -> list[list[Config]]:
    return [history(seed) for seed in range(HISTORIES)]


def planned(config: Config) -> Plan:
    file = StackFile("Pulumi.dev.yaml", "dev", config, {}, {})
    declared = run_program(
        RecordingMonitor(_Answering()),
        stack="dev",
        config={CONFIG_KEY: config},
        preview=True,
    )
    parsed = parse_config(config, stack="dev")
    return plan_of(CheckedStack(file, parsed, ()), parsed, declared, today=TODAY)


def test_every_grant_and_every_removal_between_two_configs_is_found() -> None:
    seen = 0
    for before, after in (step for configs in histories() for step in pairwise(configs)):
        was, now = (primary(parse_config(one, stack="dev")) for one in (before, after))
        found = people_change(was, now)
        old, new = ({(p, r) for p, r, _ in grants(one)} for one in (before, after))
        assert {(g.person, g.role.value) for g in found.difference.gained} == new - old
        assert {(g.person, g.role.value) for g in found.difference.lost} == old - new
        after_step = (*found.difference.gained, *found.difference.kept)
        assert {(g.person, g.role.value, g.group) for g in after_step} == grants(after)
        exact = "members" in in_force(after)["identityProvider"].get("usersGroup", {})
        assert {*found.users.joins} == listed(after) - listed(before)
        assert {*found.users.leaves} == (listed(before) - listed(after) if exact else set())
        seen += len(old ^ new)
    assert seen > 1000


def test_every_history_keeps_what_the_program_promises() -> None:
    refused = 0
    for number, configs in enumerate(histories()):
        if number % EVERY:
            continue
        plans = [planned(config) for config in configs]
        for config, plan in zip(configs, plans, strict=True):
            _names_are_exact(config, plan)
            _token_is_narrow(config, plan)
            _only_the_listed(config, plan)
        again = planned(_other_order(configs[-1]))
        assert _bytes(again) == _bytes(plans[-1])
        for (before, old), (after, new) in pairwise(zip(configs, plans, strict=True)):
            refused += _change_is_shown(before, old, after, new)
    assert refused > 0


def _bytes(plan: Plan) -> str:
    return json.dumps(as_json(plan))


def _other_order(config: Config) -> Config:
    """An object equal to the given one, its keys and people written the other way round."""
    turned = {key: config[key] for key in reversed(config)}
    roles = {
        role: {key: value[::-1] for key, value in config["roles"][role].items()}
        for role in reversed(config["roles"])
    }
    return {**turned, "roles": roles}


def _names_are_exact(config: Config, plan: Plan) -> None:
    """The groups of each role have one logical name for ever, and the contract's name."""
    wanted = {}
    for way, suffix in ways(config):
        kind = way["identityProvider"]["kind"]
        for role in config["roles"]:
            wanted[f"{kind}-group-{SLUGS[role]}{suffix}"] = group_of(way, role)
            if way["roleModel"] == "userGroups":
                wanted[f"user-group-{SLUGS[role]}{suffix}"] = group_of(way, role)
    kinds = ("okta:group/group:", "azuread:index/group:", "cloudflare:index/userGroup:")
    found = {
        one.name: one.inputs.get("name", one.inputs.get("displayName"))
        for one in plan.resources
        if one.type.startswith(kinds) and "-users-group" not in one.name
    }
    assert found == wanted


def _token_is_narrow(config: Config, plan: Plan) -> None:
    owner = config["token"]["owner"]
    tokens = [one for one in plan.resources if one.type.endswith((":AccountToken", ":ApiToken"))]
    assert tokens
    account = f"com.cloudflare.api.account.{config['account']['id']}"
    for token in tokens:
        text = json.dumps(token.inputs)
        for name in PERMISSIONS["user"] | PERMISSIONS["account"]:
            assert (f"permission group: {name}}}" in text) == (name in PERMISSIONS[owner])
        assert text.count("permission group: ") == len(PERMISSIONS[owner])
        for policy in token.inputs["policies"]:  # type: ignore[union-attr]
            for resource in json.loads(policy["resources"]):  # type: ignore[index]
                assert resource == account or resource.startswith("com.cloudflare.api.user.")
                assert "*" not in resource


def _only_the_listed(config: Config, plan: Plan) -> None:
    assert {(g.person, g.role.value, g.group) for g in plan.access} == grants(config)
    text = _bytes(plan)
    assert CANARY not in text
    everyone = set().union(*(listed(way) for way, _ in ways(config)))
    for person in PEOPLE:
        assert (f"${{user: {person}}}" in text) == (person in everyone)


def _change_is_shown(before: Config, old: Plan, after: Config, new: Plan) -> int:
    """What the review says of a change; returns how many protected resources stop it."""
    review = compare(old, new, label="before")
    shown = review_json(review)["review"]
    was, will = grants(before), grants(after)
    for key, one, other in (("gained", will, was), ("lost", was, will)):
        wanted = {(p, r) for p, r, _ in one} - {(p, r) for p, r, _ in other}
        assert {(g["person"], g["role"]) for g in shown[key]} == wanted  # type: ignore[index]
    page = render([review_document(review)])
    assert CANARY not in page
    for person in {p for p, _, _ in was ^ will} | (listed(before) ^ listed(after)):
        assert person in page.replace("&#39;", "'").replace("\\'", "'")
    goes = {one.resource.name: one for one in review.resources if one.action is Action.DELETE}
    stay = {name for one in new.resources for name in (one.name, *one.options.aliases)}
    for one in old.resources:
        if one.options.protect:
            assert not may_go(before, one.name)
            assert one.name in stay or goes[one.name].refused
        elif one.name in goes and _is_somebodys(one.name):
            assert may_go(before, one.name), one.name
    for role in before["roles"].keys() - after["roles"].keys():
        for way, suffix in ways(before):
            name = f"{way['identityProvider']['kind']}-group-{SLUGS[role]}{suffix}"
            assert goes[name].refused != may_go(before, name)
    return len(review.refused)


def _is_somebodys(name: str) -> bool:
    """A group, a push or an assignment of a role: what gives access."""
    kinds = ("okta-group-", "okta-push-", "entra-group-", "entra-assignment-", "user-group-")
    return name.startswith(kinds) and not name.endswith("-members")


@pytest.mark.parametrize("seed", range(1, 13) if EVERY == 1 else (2, 8, 10))
def test_a_history_on_the_sandbox_leaves_who_the_config_lists(
    sandbox: Sandbox, admin: httpx.Client, seed: int
) -> None:
    """What is refused is not carried out; every other change ends as declared and is done with."""
    admin.post("users", json={"email": "o'hara@example.com"}).raise_for_status()
    configs = history(seed, EVERY_DAY)
    stack = Rehearsing(sandbox, admin, configs[0])
    taken = [config for config in configs[1:] if stack.take(config)]
    assert taken


class Rehearsing:
    """A stack on the sandbox that goes through a history."""

    def __init__(self, sandbox: Sandbox, admin: httpx.Client, start: Config) -> None:
        self._world, self._admin = sandbox.world, admin
        self._deployer = RehearsalDeployer("dev", sandbox.env, _quiet)
        self._config = start
        self._stage = Stage(self._deployer, admin)
        self._stage.deploy(start)
        self._judge(start)

    def take(self, config: Config) -> bool:
        """Whether the change was let through; what is refused leaves the stack as it was."""
        if _out_of_order(self._config, config):
            return False
        kept = {vendor: self._world.state(vendor).model_copy(deep=True) for vendor in VENDORS}
        state = self._deployer.state()
        try:
            self._stage.update(config)
        except ScimError as error:
            if not re.search("protected|Super Administrator", str(error)):
                raise
            for vendor, was in kept.items():
                setattr(self._world, vendor, was)
            self._deployer = RehearsalDeployer("dev", self._deployer.environment, _quiet, state)
            self._stage.deployer = self._deployer
            return False
        self._config = config
        self._judge(config)
        return True

    def _judge(self, config: Config) -> None:
        if config["identityProvider"]["kind"] == "okta":
            self._stage.console(Console())
        self._admin.post("cycle", json={}).raise_for_status()
        has = roles_by_person(self._admin)
        for role, given in config["roles"].items():
            if "members" in given:
                holders = {person for person, roles in has.items() if role in roles}
                assert holders - {"owner@example.com"} == {*given["members"]}, role
        before = len(requests(self._admin, *WRITES))
        self._stage.update(config)
        signed_in = [r for r in requests(self._admin, *WRITES)[before:] if "/token" not in r]
        assert signed_in == []


def _out_of_order(before: Config, after: Config) -> bool:
    """Whether the policy refuses the change as a step of a move that is not the next."""
    was, now = (parse_config(one, stack="dev") for one in (before, after))
    found = evaluate(now, [], stack="dev", today=TODAY, before=was)
    return any(one.rule == "move-order" for one in found)


def _quiet(_line: str) -> None:
    """Nobody listens."""
