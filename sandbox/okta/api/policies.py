"""Sign-on policies and the organisation itself, as far as apps refer to them."""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.route import endpoint, no_content, page
from sandbox.okta.errors import invalid, not_found
from sandbox.okta.models import ORGANISATION
from sandbox.server.router import Context, json_reply

DEFAULT_ACCESS_POLICY = "rstSandboxAccess0000"
_FOUNDED = "2024-01-01T00:00:00.000Z"
_POLICIES = (
    (DEFAULT_ACCESS_POLICY, "Any two factors", "Require two factors to access.", True),
    ("rstSandboxPassword00", "Password only", "Require only a password.", False),
)


def _view(policy: tuple[str, str, str, bool]) -> dict[str, object]:
    policy_id, name, description, system = policy
    href = f"{ORGANISATION}/api/v1/policies/{policy_id}"
    return {
        "id": policy_id,
        "status": "ACTIVE",
        "name": name,
        "description": description,
        "priority": 1,
        "system": system,
        "conditions": None,
        "created": _FOUNDED,
        "lastUpdated": _FOUNDED,
        "type": "ACCESS_POLICY",
        "_embedded": {"resourceType": "APP"},
        "_links": {
            "self": {"href": href, "hints": {"allow": ["GET", "PUT"]}},
            "rules": {"href": f"{href}/rules", "hints": {"allow": ["GET", "POST"]}},
        },
    }


@endpoint("GET", "/api/v1/policies", "okta.policies.read")
def list_policies(ctx: Context) -> Response:
    """The policies of a type; only app sign-on policies exist."""
    kind = ctx.request.args.get("type")
    if kind is None:
        raise invalid("type", "type: The field cannot be left blank")
    found = _POLICIES if kind == "ACCESS_POLICY" else ()
    return page(ctx, found, lambda policy: policy[0], _view, default=20, most=200)


@endpoint("GET", "/api/v1/policies/<policy_id>", "okta.policies.read")
def get_policy(ctx: Context, policy_id: str) -> Response:
    """One policy."""
    for policy in _POLICIES:
        if policy[0] == policy_id:
            return json_reply(_view(policy))
    raise not_found(policy_id, "Policy")


@endpoint("PUT", "/api/v1/apps/<app_id>/policies/<policy_id>", "okta.apps.manage")
def set_policy(ctx: Context, app_id: str, policy_id: str) -> Response:
    """Put an app under a sign-on policy."""
    app = ctx.state.apps.get(app_id)
    if app is None:
        raise not_found(app_id, "AppInstance")
    if policy_id not in [policy[0] for policy in _POLICIES]:
        raise not_found(policy_id, "Policy")
    app.access_policy_id = policy_id
    log.write(
        ctx.state,
        "application.policy.sign_on.update",
        "Update app sign on policy",
        log.app_target(app),
    )
    return no_content()


@endpoint("GET", "/.well-known/okta-organization")
def organisation(ctx: Context) -> Response:
    """Public facts; the pipeline ``idx`` says Identity Engine."""
    return json_reply(
        {
            "id": "00osandbox0000000000",
            "cell": "ok14",
            "_links": {"organization": {"href": ORGANISATION}},
            "pipeline": "idx",
            "settings": {
                "analyticsCollectionEnabled": False,
                "bugReportingEnabled": True,
                "omEnabled": False,
            },
        }
    )
