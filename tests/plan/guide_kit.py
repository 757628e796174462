"""The eight combinations of the contract as plans, read as a program would read their JSON."""

import json
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import as_json, make_plan
from tests.configs import ACCOUNT, COMBINATIONS, MEMBERS, stack_config
from tests.plan.plan_kit import write

BASE_URL = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
ROLES = tuple(MEMBERS)
OKTA = tuple(one for one in COMBINATIONS if one[0] == "okta")
ENTRA = tuple(one for one in COMBINATIONS if one[0] == "entra")

Combination = tuple[str, str, str]
Resource = dict


def config(combination: Combination) -> dict:
    kind, model, owner = combination
    more = {"apiIntegration": "api"} if kind == "okta" else {"scope": "filtered"}
    token = {"expiresOn": "2099-05-20T00:00:00Z"}
    given = stack_config(kind, model, owner, roles={**MEMBERS, "Billing": []}, token=token, **more)
    return given[CONFIG_KEY]  # type: ignore[return-value]


def plan_of(content: dict, stack: str = "dev") -> dict:
    """The plan of a config as the JSON that `plan --format json` prints."""
    with TemporaryDirectory() as folder:
        checked = check_stack_file(write(Path(folder), stack, content))
        return json.loads(json.dumps(as_json(make_plan(checked))))


@lru_cache
def guide_plan(combination: Combination) -> dict:
    return plan_of(config(combination))


def of_type(plan: dict, *endings: str) -> list[Resource]:
    return [one for one in plan["resources"] if one["type"].endswith(endings)]


def only(plan: dict, ending: str) -> Resource:
    (found,) = of_type(plan, ending)
    return found


def named(plan: dict, name: str) -> Resource:
    (found,) = [one for one in plan["resources"] if one["name"] == name]
    return found


def before(plan: dict, name: str) -> set[str]:
    """Everything that a resource waits for, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for other in named(plan, waiting.pop())["options"]["dependsOn"]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def group_names(combination: Combination) -> list[str]:
    kind, role_model, _owner = combination
    if (kind, role_model) == ("entra", "virtualGroups"):
        return [f"CF-{ACCOUNT} - {role}" for role in ROLES]
    return list(ROLES)
