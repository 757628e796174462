"""Sign-on policies and the organisation itself, as far as apps refer to them."""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.apps import find
from sandbox.okta.api.route import endpoint, no_content, page
from sandbox.okta.errors import forbidden, invalid, not_found
from sandbox.okta.models import ADMIN_CONSOLE_POLICY, ORGANISATION, Policy
from sandbox.server.router import Context, json_reply

_FOUNDED = "2024-01-01T00:00:00.000Z"


def _view(policy: Policy, *, listed: bool = False) -> dict[str, object]:
    href = f"{ORGANISATION}/api/v1/policies/{policy.id}"
    allow = ["GET", "PUT"] if policy.system else ["GET", "PUT", "DELETE"]
    view: dict[str, object] = {"id": policy.id, "status": "ACTIVE", "name": policy.name}
    if policy.description is not None:
        view["description"] = policy.description
    links: dict[str, object] = {
        "self": {"href": href, "hints": {"allow": allow}},
        "rules": {"href": f"{href}/rules", "hints": {"allow": ["GET", "POST"]}},
    }
    if not policy.system:
        links["mappings"] = {"href": f"{href}/mappings", "hints": {"allow": ["GET", "POST"]}}
        deactivate = f"{href}/lifecycle/deactivate"
        links["deactivate"] = {"href": deactivate, "hints": {"allow": ["POST"]}}
    view |= {
        "priority": 1,
        "system": policy.system,
        "conditions": None,
        "created": _FOUNDED,
        "lastUpdated": _FOUNDED,
        "type": policy.type,
        "_links": links,
    }
    if listed:  # only lists name the kind of resource (R)
        view["_embedded"] = {"resourceType": "APP"}
    return view


def _find(ctx: Context, policy_id: str) -> Policy:
    if policy_id not in ctx.state.policies:
        raise not_found(policy_id, "Policy")
    return ctx.state.policies[policy_id]


@endpoint("GET", "/api/v1/policies", "okta.policies.read")
def list_policies(ctx: Context) -> Response:
    """The policies of a type; only app sign-on policies exist here (R)."""
    kind = ctx.request.args.get("type")
    if kind is None:
        raise invalid("type", "type: The field cannot be left blank")
    policies = [each for each in ctx.state.policies.values() if each.type == kind]
    return page(
        ctx,
        policies,
        lambda policy: policy.id,
        lambda policy: _view(policy, listed=True),
        default=20,
        most=200,
    )


@endpoint("GET", "/api/v1/policies/<policy_id>", "okta.policies.read")
def get_policy(ctx: Context, policy_id: str) -> Response:
    """One policy (R)."""
    return json_reply(_view(_find(ctx, policy_id)))


@endpoint("DELETE", "/api/v1/policies/<policy_id>", "okta.policies.manage")
def delete_policy(ctx: Context, policy_id: str) -> Response:
    """Delete a policy that is not Okta's own (R)."""
    if _find(ctx, policy_id).system:
        raise forbidden("Okta's own policy cannot be deleted.")
    del ctx.state.policies[policy_id]
    return no_content()


@endpoint("PUT", "/api/v1/apps/<app_id>/policies/<policy_id>", "okta.apps.manage")
def set_policy(ctx: Context, app_id: str, policy_id: str) -> Response:
    """Put an app under a sign-on policy (R)."""
    app, name = find(ctx.state, app_id), _find(ctx, policy_id).name
    if name == ADMIN_CONSOLE_POLICY:  # R: okta-sdk-python, test_assign_application_policy
        cause = f'This policy belongs to "{name}", and re-assignment of this policy is not allowed'
        raise invalid("Policy", cause)
    app.access_policy_id = policy_id
    log.write(ctx.state, "application.policy.sign_on.update", "Update app sign on policy", app)
    return no_content()


@endpoint("GET", "/.well-known/okta-organization")
def organisation(ctx: Context) -> Response:
    """Public facts; the pipeline ``idx`` says Identity Engine (R)."""
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
                "pssoEnabled": False,
                "desktopMFAEnabled": False,
                "itpEnabled": False,
            },
        }
    )
