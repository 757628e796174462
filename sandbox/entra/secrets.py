"""The credentials and settings of a service principal's provisioning (synchronization/secrets)."""

import json
import re

from werkzeug import Response

from sandbox.entra.directory import find
from sandbox.entra.errors import bad_request
from sandbox.entra.graph import body_object, context_line, graph_route, no_content
from sandbox.entra.permissions import SYNC_READ, SYNC_WRITE
from sandbox.entra.state import PLAIN_SECRETS
from sandbox.server.router import Context, json_reply

# synchronizationSecret in graph-provisioning.csdl.xml
_KEYS = frozenset(
    re.findall(
        r"\w+",
        "UserName Password SecretToken AppKey BaseAddress ClientIdentifier ClientSecret "
        "SingleSignOnType Sandbox Url Domain ConsumerKey ConsumerSecret TokenKey TokenExpiration "
        "Oauth2AccessToken Oauth2AccessTokenCreationTime Oauth2RefreshToken SyncAll InstanceName "
        "Oauth2ClientId Oauth2ClientSecret CompanyId UpdateKeyOnSoftDelete "
        "SynchronizationSchedule SystemOfRecord SandboxName EnforceDomain "
        "SyncNotificationSettings SkipOutOfScopeDeletions Oauth2AuthorizationCode "
        "Oauth2RedirectUri ApplicationTemplateIdentifier Oauth2TokenExchangeUri "
        "Oauth2AuthorizationUri AuthenticationType Server PerformInboundEntitlementGrants "
        "HardDeletesEnabled SyncAgentCompatibilityKey SyncAgentADContainer ValidateDomain "
        "TestReferences ConnectionString",
    )
)
_MASK = "*"


def pairs(values: object) -> dict[str, str]:
    """Key-value pairs of a request. Raises GraphError 400."""
    if not isinstance(values, list):
        raise bad_request("A list of key and value pairs is expected.", "BadRequest")
    found: dict[str, str] = {}
    for pair in values:
        key = pair.get("key") if isinstance(pair, dict) else None
        if key not in _KEYS:
            raise bad_request(f"'{key}' is not a valid synchronizationSecret.", "BadRequest")
        value = pair.get("value")
        if not isinstance(value, str | None):
            raise bad_request(f"The value of '{key}' must be text.", "BadRequest")
        if key in found:
            raise bad_request(f"The key '{key}' is given twice.", "BadRequest")
        found[str(key)] = value or ""
    return found


@graph_route("PUT", "/servicePrincipals/<sp_id>/synchronization/secrets", *SYNC_WRITE)
def put_secrets(ctx: Context, sp_id: str) -> Response:
    """Set the keys that are given; an empty value takes its key away, other keys stay.

    Other keys stay in Entra too: the provider's wait for an equal count hangs on them
    (terraform-provider-azuread #1013).
    """
    principal = find(ctx.state, "servicePrincipal", sp_id)
    given = pairs(body_object(ctx).get("value"))
    _check_settings(given.get("SyncNotificationSettings", ""))
    stored = ctx.state.sync(principal.id).secrets
    for key, value in given.items():
        if value:
            stored[key] = value
        else:
            stored.pop(key, None)
        if key not in PLAIN_SECRETS:
            ctx.world.log.hide(value)
    return no_content()


def _check_settings(text: str) -> None:
    try:
        settings = json.loads(text) if text else {}
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise bad_request("SyncNotificationSettings must be a JSON object in text.", "BadRequest")
    threshold = settings.get("DeleteThresholdValue", 0)
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 0:
        raise bad_request("DeleteThresholdValue must be a whole number.", "BadRequest")


@graph_route("GET", "/servicePrincipals/<sp_id>/synchronization/secrets", *SYNC_READ)
def get_secrets(ctx: Context, sp_id: str) -> Response:
    """The keys that are set; credentials read "*", settings are shown.

    Source: a tenant's answer, where the password is "*" and SyncNotificationSettings is readable.
    """
    principal = find(ctx.state, "servicePrincipal", sp_id)
    stored = ctx.state.sync(principal.id).secrets
    values = [
        {"key": key, "value": value if key in PLAIN_SECRETS else _MASK}
        for key, value in stored.items()
    ]
    kind = "Collection(microsoft.graph.synchronizationSecretKeyStringValuePair)"
    return json_reply({**context_line(ctx, kind), "value": values})
