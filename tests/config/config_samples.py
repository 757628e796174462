"""Good config objects to change in tests, and the moment the tests take for now."""

import copy
from datetime import UTC, date, datetime

from cfscim.config.models import ScimConfig, parse_config
from tests.configs import config_object

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)

OKTA = config_object(
    token={
        "name": "cloudflare-scim-dev",
        "expiresOn": "2027-05-20T00:00:00Z",
        "allowedCidrs": ["203.0.113.0/24"],
        "rotation": "1",
    },
    groupPrefix="",
    breakGlass=["owner@example.com"],
    waivers=[
        {
            "rule": "token-expiry",
            "until": "2026-12-31",
            "by": "Grace Hopper",
            "reason": "migration",
        }
    ],
    provider={
        "appLabel": "Cloudflare SCIM",
        "catalogApp": "scim2testapp",
        "apiIntegration": "console",
        "apiIntegrationConfirmed": False,
        "usersGroup": {"name": "Cloudflare Users", "members": ["katherine@example.com"]},
    },
)

ENTRA = OKTA | {
    "identityProvider": {
        "kind": "entra",
        "appName": "Cloudflare SCIM",
        "usersGroup": {"name": "Cloudflare Users", "members": []},
        "scope": "filtered",
        "userFilter": [
            {"attribute": "department", "operator": "EQUALS", "value": "Engineering"},
            {"attribute": "employeeId", "operator": "IS NOT NULL"},
        ],
        "start": True,
        "notificationEmail": None,
        "deletionThreshold": 10,
        "tenantUrlSuffix": "",
    }
}

Steps = tuple[str | int, ...]
REMOVED = object()


def changed(base: dict[str, object], steps: Steps, value: object) -> dict[str, object]:
    """A copy of `base` with one value set, added or (`REMOVED`) taken away."""
    made = copy.deepcopy(base)
    place: object = made
    for step in steps[:-1]:
        assert isinstance(place, dict | list)
        place = place[step]  # type: ignore[index]  # a wrong step must fail the test
    last = steps[-1]
    if isinstance(place, list):
        assert isinstance(last, int)
        place[last:last] = [value]
    elif value is REMOVED:
        assert isinstance(place, dict)
        del place[last]
    else:
        assert isinstance(place, dict)
        place[last] = value
    return made


def parsed(value: object, stack: str = "dev") -> ScimConfig:
    """The config of a good object, held to the tests' own now."""
    return parse_config(value, stack=stack)
