"""The scoped API token that the identity provider signs in with (guide: Create an API token).

Deliberately not here: rolling a value in place. A roll kills the old value at once; a changed
`token.rotation` makes a new token first and ends the old one last.
"""

import json
from typing import TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from cfscim.config.facts import (
    USER_SCOPE,
    account_resource,
    token_permissions,
    token_trigger,
)
from cfscim.config.kinds import PREVIOUS_TOKEN, TOKEN, TOKEN_WATCH
from cfscim.config.models import ScimConfig
from components.lookups import Lookups
from components.previous_token import PreviousToken
from components.token_watch import TokenWatch


class _Policy(TypedDict):
    effect: str
    permission_groups: pulumi.Output[list[dict[str, str]]]
    resources: pulumi.Input[str]


class ScopedToken(pulumi.ComponentResource):
    """One token for one account, with nothing beyond the listed permissions.

    In: the stack's config and look-ups. Out: `id`, `value` (secret). Permissions: the guide's
    table for `owner: user`, Cloudflare's single `SCIM Provisioning` for `owner: account`.
    """

    id: pulumi.Output[str]
    value: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        lookups: Lookups,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:ScopedToken", name, {}, opts)
        watch = TokenWatch(TOKEN_WATCH, config, pulumi.ResourceOptions(parent=self))
        # Not protected: a declared rotation must be able to replace it, the new token first.
        child = pulumi.ResourceOptions(
            parent=self,
            depends_on=[watch],
            replacement_trigger=watch.ended.apply(lambda ended: token_trigger(config, int(ended))),
            # PreviousToken ends it: the provider fails where it is gone.
            retain_on_delete=True,
        )
        settings = {
            "name": config.token.name,
            "expires_on": config.token.expires_on_text,
            "condition": {"request_ip": {"ins": list(config.token.allowed_cidrs)}}
            if config.token.allowed_cidrs
            else None,
        }
        account = config.account.id
        if config.token.owner == "account":
            token = cloudflare.AccountToken(
                TOKEN,
                account_id=account,
                policies=[_account_policy(account, "account", lookups)],
                **settings,
                opts=child,
            )
        else:
            # Account policy first: the provider orders policies by (effect, resources).
            token = cloudflare.ApiToken(
                TOKEN,
                policies=[
                    _account_policy(account, "user", lookups),
                    {
                        "effect": "allow",
                        "permission_groups": _ids("user", "user", lookups),
                        "resources": lookups.user_id.apply(
                            lambda user: _resources(f"{USER_SCOPE}.{user}")
                        ),
                    },
                ],
                **settings,
                opts=child,
            )
        PreviousToken(
            PREVIOUS_TOKEN,
            account,
            config.token.owner,
            token.id,
            config.token.keep_previous,
            pulumi.ResourceOptions(parent=self),
        )
        self.id = token.id
        self.value = pulumi.Output.secret(token.value)
        self.register_outputs({"id": self.id, "value": self.value})


def _account_policy(account: str, owner: str, lookups: Lookups) -> _Policy:
    return {
        "effect": "allow",
        "permission_groups": _ids(owner, "account", lookups),
        "resources": _resources(account_resource(account)),
    }


def _ids(owner: str, kind: str, lookups: Lookups) -> pulumi.Output[list[dict[str, str]]]:
    # Sorted by id: any other order shows a change on every preview (cloudflare provider #5548).
    ids = lookups.token_permissions(owner, token_permissions(owner, kind), kind)
    return ids.apply(lambda groups: [{"id": group} for group in groups])


def _resources(key: str) -> str:
    # Compact: the provider compares this text with Cloudflare's own compact JSON.
    return json.dumps({key: "*"}, separators=(",", ":"))
