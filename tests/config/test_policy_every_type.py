"""Denied by default: every resource type of the three providers' SDKs, and every input of those that
the program declares."""

import importlib
import json
import re
from functools import cache
from importlib.metadata import files
from pathlib import Path

import pulumi
import pytest

from cfscim.config.kinds import KINDS
from cfscim.config.messages import CONFIG_KEY
from cfscim.config.policy.rules import RULES, Case, ResourceView, judge
from cfscim.plan.model import declare
from tests import configs
from tests.config.policy_kit import TODAY, config_object, parsed

PACKAGES = ("cloudflare", "okta", "azuread")
_TYPE = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(\w+:[\w/]+:\w+)'")
GIVEN = {str: "x", bool: True, int: 7, float: 7.0, list: ["x"], dict: {"x": "y"}}


@cache
def types(package: str) -> list[str]:
    """Every resource type of an SDK, read from its modules' text: to import them all takes long."""
    listed = [Path(str(file.locate())) for file in files(f"pulumi-{package}") or ()]
    texts = (file.read_text() for file in listed if file.suffix == ".py")
    return sorted({name for text in texts for name in _TYPE.findall(text)})


def _findings(kind: str, view: ResourceView) -> list[str]:
    case = Case(parsed(config_object(kind)), "prod", TODAY)
    return [found.rule for rule in RULES if rule.resource for found in judge(rule, case, [view])]


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("package", PACKAGES)
def test_every_type_that_is_not_allowed_is_refused(package: str, kind: str) -> None:
    every = types(package)
    assert len(every) > 50, every
    foreign = {"okta": "azuread", "entra": "okta"}[kind]
    passed = [
        type_
        for type_ in every
        if not _findings(kind, ResourceView(type_, "more", {}, True))
        and (type_ not in KINDS or package == foreign)
    ]
    assert passed == []
    # Of those that are allowed, none under a name that is not the program's.
    named = [
        type_ for type_ in every if not _findings(kind, ResourceView(type_, "x", {"a": 1}, True))
    ]
    assert named == []


@cache
def _declared() -> list[tuple[str, ResourceView]]:
    """Each type once, as the program declares it, with the kind of stack."""
    views: dict[str, tuple[str, ResourceView]] = {}
    for kind, model, owner in configs.COMBINATIONS:
        value = configs.config_object(kind, model, owner)
        for integration in ("console", "api") if kind == "okta" else ("",):
            if integration:
                value["identityProvider"]["apiIntegration"] = integration  # type: ignore[index]
            for r in declare("prod", {CONFIG_KEY: value}).resources:
                if r.type.split(":")[0] in PACKAGES:
                    view = ResourceView(
                        r.type, r.name, r.inputs, True, r.options.replacement_trigger, r.fed_by
                    )
                    views.setdefault(r.type, (kind, view))
    return [*views.values()]


def _inputs(type_: str) -> set[str]:
    """The names of a type's inputs, as the provider sees them."""
    package, module, name = type_.split(":")
    where = module.split("/")[0]
    of = importlib.import_module(f"pulumi_{package}" + ("" if where == "index" else f".{where}"))
    arguments = getattr(importlib.import_module(getattr(of, name).__module__), f"{name}Args")
    return {*pulumi._types.input_type_py_to_pulumi_names(arguments).values()}


def test_every_input_that_the_config_does_not_account_for_is_refused() -> None:
    tried, passed = 0, []
    for kind, view in _declared():
        known = _findings(kind, view)
        for key in sorted(_inputs(view.type) - {*view.inputs}):
            for given in GIVEN.values():
                tried += 1
                more = {**view.inputs, key: given}
                changed = ResourceView(
                    view.type, view.name, more, True, view.replacement_trigger, view.fed_by
                )
                if len(_findings(kind, changed)) <= len(known):
                    passed.append((view.type, key, json.dumps(given)))
    assert tried > 300
    # What the config can set, and this one does not, is judged by its own rules.
    own = {"expiresOn", "condition"}
    assert [one for one in passed if one[1] not in own] == []
