"""The eight combinations of the contract as plans, read as a program would read their JSON."""

import json
from functools import lru_cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import as_json, make_plan
from tests.plan.plan_kit import write

ACCOUNT = "0123456789abcdef0123456789abcdef"
BASE_URL = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
ROLES = (
    "Administrator Read Only",
    "Administrator",
    "Billing",
    "Super Administrator - All Privileges",
)
COMBINATIONS = tuple(
    product(("okta", "entra"), ("userGroups", "virtualGroups"), ("account", "user"))
)
OKTA = tuple(one for one in COMBINATIONS if one[0] == "okta")
ENTRA = tuple(one for one in COMBINATIONS if one[0] == "entra")

Combination = tuple[str, str, str]
Resource = dict


def config(combination: Combination) -> dict:
    kind, role_model, owner = combination
    provider: dict = {"kind": "okta", "orgName": "example", "apiIntegration": "api"}
    if kind == "entra":
        provider = {"kind": "entra", "scope": "filtered"}
    return {
        "account": {"id": ACCOUNT, "name": "Example Corp"},
        "roleModel": role_model,
        "token": {"owner": owner, "expiresOn": "2099-05-20T00:00:00Z"},
        "roles": {
            ROLES[0]: {},
            ROLES[1]: {"members": ["ada@example.com"]},
            ROLES[2]: {"members": []},
            ROLES[3]: {"members": ["grace@example.com", "alan@example.com"]},
        },
        "identityProvider": provider,
    }


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
