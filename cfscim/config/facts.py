"""Facts that several rooms need: each stands here, and nowhere else.

Plain frozen data and functions of the config; components, policy, checklist and `verify` read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from cfscim.config.roles import (
    ACCOUNT_SETTINGS_READ,
    ACCOUNT_SETTINGS_WRITE,
    MEMBERSHIPS_READ,
    MEMBERSHIPS_WRITE,
    SCIM_PROVISIONING,
)
from cfscim.config.stand_ins import stands_in

if TYPE_CHECKING:
    from cfscim.config.models import ScimConfig

PROVIDERS: Mapping[str, str] = MappingProxyType({"okta": "Okta", "entra": "Entra"})
"""The identity providers by kind, as people call them."""

PROVIDERS_IN_FULL: Mapping[str, str] = MappingProxyType({**PROVIDERS, "entra": "Microsoft Entra"})
"""With the vendor's name, where no sentence around it says so."""

ACCOUNT_SCOPE = "com.cloudflare.api.account"
USER_SCOPE = "com.cloudflare.api.user"

TOKEN_PERMISSIONS: Mapping[str, Mapping[str, Literal["account", "user"]]] = MappingProxyType(
    {
        "account": MappingProxyType({SCIM_PROVISIONING: "account"}),
        "user": MappingProxyType(
            {
                ACCOUNT_SETTINGS_READ: "account",
                ACCOUNT_SETTINGS_WRITE: "account",
                MEMBERSHIPS_READ: "user",
                MEMBERSHIPS_WRITE: "user",
            }
        ),
    }
)
"""By the token's owner: each permission and the kind of resource it is for, in the order declared.

Source: guide, "Create an API token" (user); Cloudflare's SCIM page (account: SCIM Provisioning).
"""

VIRTUAL_GROUPS_DEPRECATED = date(2025, 6, 2)
"""The day on which Cloudflare deprecated virtual groups."""

VIRTUAL_GROUPS_LEFT_BY = date(2025, 12, 2)
"""The day by which every account was asked to have left them; since then they may give no role."""

FEWEST_SUPER_ADMINISTRATORS = 2
"""Below this one mistake locks everyone out (guide, "Limitations")."""

WARN_DAYS = (30, 14, 3)
"""Days ahead at which the token's end is warned of, each time more urgently."""

URGENT_DAYS = 7
"""Days ahead from which a token no longer counts as all right."""


def token_permissions(owner: str, kind: str) -> tuple[str, ...]:
    """The permissions of a token of `owner` that are for a resource of `kind`."""
    return tuple(name for name, its in TOKEN_PERMISSIONS[owner].items() if its == kind)


def account_resource(account_id: str) -> str:
    """The key of the account `account_id` in a token's policy and in a resource group."""
    return f"{ACCOUNT_SCOPE}.{account_id}"


def is_whole_account(account_id: str, key: str, objects: tuple[str, ...]) -> bool:
    """Whether a scope is the whole of this account and nothing else.

    `key`: the scope's key; `objects`: the keys of its objects.
    """
    return key == account_resource(account_id) and objects == ("*",)


def token_trigger(config: "ScimConfig", ended: int = 0) -> str:
    """The text whose change replaces the token. `ended`: how many of the stack's tokens have ended
    at Cloudflare, by their date or by somebody's hand.

    Cloudflare keeps what an update leaves out, so a removed network list or expiry needs a new
    token (terraform-provider-cloudflare #2253). With an expiry and without networks, the ordinary
    case, it is `token.rotation` as it stands.
    """
    token = config.token
    parts = [token.rotation]
    parts += ["without an end"] if token.expires_on is None else []
    parts += ["with networks"] if token.allowed_cidrs else []
    parts += [f"after {ended} that ended"] if ended else []
    return ", ".join(parts)


def token_fingerprint(value: str) -> str:
    """Twelve hex digits that tell one token from another, and from which none can be had back.

    What `plan` shows in place of a value that is not known yet stays as it is.
    """
    return value if stands_in(value) else sha256(value.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Expiry:
    """How near a token's end is. `days`: whole days left, negative once it is over.

    `warn`: the limit of `WARN_DAYS` it has passed, None while it is far away; `right`: whether it
    still counts as all right.
    """

    days: int
    over: bool
    warn: int | None
    right: bool

    @property
    def distance(self) -> str:
        """As in `in 3 days`."""
        return f"in {self.days} day" + "s" * (self.days != 1)

    @property
    def urgent(self) -> int:
        """The limit to name in the last week: the nearest of those it has passed."""
        return min(URGENT_DAYS, self.warn or URGENT_DAYS)


def judge_expiry(ends: datetime, now: datetime) -> Expiry:
    """How near the end is at `now`; both moments have a zone."""
    days, over = (ends - now).days, ends <= now
    passed = [limit for limit in WARN_DAYS if days <= limit]
    return Expiry(days, over, min(passed, default=None), not over and days >= URGENT_DAYS)


UNARY = ("IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE")
"""Operators of a scoping filter that take no value."""
