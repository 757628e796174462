"""Cloudflare's fixed names and ids: API token permission groups and dashboard roles.

Token permission groups and roles ("account permission groups") are different things with different
ids. Ids given here are Cloudflare's own (API documentation, cloudflare-docs and public code); the
others are made up, stable, and in Cloudflare's form. Role names: Cloudflare's dashboard, 2026.
Source: ids D and P; that names of permission groups repeat with another scope P
(terraform-provider-cloudflare #1105).
"""

from dataclasses import dataclass

from sandbox.server.ids import hex32

ACCOUNT_SCOPE = "com.cloudflare.api.account"
ZONE_SCOPE = "com.cloudflare.api.account.zone"
USER_SCOPE = "com.cloudflare.api.user"

SUPER_ADMINISTRATOR = "Super Administrator - All Privileges"
MINIMAL_ACCESS = "Minimal Account Access"


@dataclass(frozen=True)
class TokenGroup:
    """A permission group of API tokens."""

    name: str
    id: str
    scope: str
    category: str


_BILLING, _ZONES, _ZERO_TRUST = (
    "account_and_billing",
    "dns_and_zones",
    "cloudflare_one_and_zero_trust",
)
_TOKEN_GROUPS = (
    # Name, id (empty: made up), scope, category.
    ("SCIM Provisioning", "d5812c023a5048b4882175a28952362d", ACCOUNT_SCOPE, _BILLING),
    ("Account Settings Read", "c1fde68c7bcc44588cbb6ddbc16d6480", ACCOUNT_SCOPE, _BILLING),
    ("Account Settings Write", "1af1fa2adc104452b74a9a3364202f20", ACCOUNT_SCOPE, _BILLING),
    ("Account API Tokens Read", "eb56a6953c034b9d97dd838155666f06", ACCOUNT_SCOPE, _BILLING),
    ("Account API Tokens Write", "5bc3f8b21c554832afc660159ab75fa4", ACCOUNT_SCOPE, _BILLING),
    ("Memberships Read", "3518d0f75557482e952c6762d3e64903", USER_SCOPE, _BILLING),
    ("Memberships Write", "9201bc6f42d440968aaab0c6f17ebb1d", USER_SCOPE, _BILLING),
    ("API Tokens Read", "0cc3a61731504c89b99ec1be78b77aa0", USER_SCOPE, _BILLING),
    ("API Tokens Write", "686d18d5ac6c441c867cbf6771e58a0a", USER_SCOPE, _BILLING),
    ("User Details Read", "8acbe5bb0d54464ab867149d7f7cf8ac", USER_SCOPE, _BILLING),
    ("User Details Write", "55a5e17cc99e4a3fa1f3432d262f2e55", USER_SCOPE, _BILLING),
    (
        *("Workers Scripts Write", "e086da7e2179491d91ee5f35b3ca210a"),
        *(ACCOUNT_SCOPE, "developer_platform"),
    ),
    ("Zone Read", "c8fed203ed3043cba015a93ad1616f1f", ZONE_SCOPE, _ZONES),
    ("Zone Write", "e6d2666161e84845a636613608cee8d5", ZONE_SCOPE, _ZONES),
    ("DNS Read", "82e64a83756745bbbb1c9c2701bf816b", ZONE_SCOPE, _ZONES),
    ("DNS Write", "4755a26eedb94da69e1066d98aa820be", ZONE_SCOPE, _ZONES),
    ("Billing Read", "", ACCOUNT_SCOPE, _BILLING),
    ("Billing Write", "", ACCOUNT_SCOPE, _BILLING),
    ("Account Analytics Read", "", ACCOUNT_SCOPE, "analytics_and_logs"),
    # The same name exists for accounts and for zones: a look-up by name alone is ambiguous.
    ("Access: Apps and Policies Write", "", ACCOUNT_SCOPE, _ZERO_TRUST),
    ("Access: Apps and Policies Write", "", ZONE_SCOPE, _ZERO_TRUST),
)
TOKEN_GROUPS = tuple(
    TokenGroup(name, id_ or hex32(f"token-group/{scope}/{name}"), scope, category)
    for name, id_, scope, category in sorted(_TOKEN_GROUPS, key=lambda row: (row[0], row[2]))
)
TOKEN_GROUP_BY_ID = {group.id: group for group in TOKEN_GROUPS}


@dataclass(frozen=True)
class Role:
    """A dashboard role: ``role_id`` under /roles and in members, ``id`` under permission groups."""

    name: str
    id: str
    role_id: str
    label: str
    scope: str
    description: str


_ROLE_IDS = {
    SUPER_ADMINISTRATOR: "33666b9c79b9a5273fc7344ff42f953d",
    "Administrator": "05784afa30c1afe1440e79d9351c7430",
    "Administrator Read Only": "f2b20eaa1a5d4af42b53ac16238c99c7",
    "Analytics": "6ddc5f80969d01105b5a0931e0079365",
    "Audit Logs Viewer": "9dfa4d1b73034f70ad896bf1c26d78f3",
    "Billing": "298ce8e7a2ba08b9d18ce0a32bb458ee",
    "Cache Purge": "d1c17a97abf0aa371338074955877ba0",
    "DNS": "069fe803647ed3609e93d041d5df6050",
    "Cloudflare Zero Trust Read Only": "156a872fa6df06e0e9b85d32afce6990",
    "Cloudflare Zero Trust Reporting": "b525e80fc64a4323a9ea666467d1865c",
    "SSL/TLS, Caching, Performance, Page Rules, and Customization": (
        "75f36071fa06ebfac6da0c3f8ddbc4df"
    ),
}
_LABELS = {
    "Administrator": "admin",
    "Administrator Read Only": "admin_readonly",
    SUPER_ADMINISTRATOR: "super_admin",
}
_DESCRIPTIONS = {
    SUPER_ADMINISTRATOR: "Everything, members and billing included.",
    "Administrator": "The full account, except for members and billing.",
    "Administrator Read Only": "The full account, read-only.",
    "Billing": "The account's billing profile and subscriptions.",
    MINIMAL_ACCESS: "Sees the account, and nothing else.",
}

_ACCOUNT_ROLE_NAMES = f"""\
Administrator Read Only|Administrator|{SUPER_ADMINISTRATOR}|{MINIMAL_ACCESS}|Billing|Analytics|\
AI Search (Read-only)|AI Search Admin|API Gateway|API Gateway Read|\
Application Security Reports Read|Audit Logs Viewer|Bot Management (Account-Wide)|\
Brand Protection|Cache Purge|Cloudchamber Admin|Cloudchamber Admin Read Only|Cloudflare Access|\
Cloudflare CASB|Cloudflare CASB Read|Cloudflare DEX|Cloudflare Gateway|Cloudflare Images|\
Cloudflare R2 Admin|Cloudflare R2 Read|Cloudflare Stream|Cloudflare Zero Trust|\
Cloudflare Zero Trust PII|Cloudflare Zero Trust Read Only|Cloudflare Zero Trust Reporting|\
Cloudflare Zero Trust Secure DNS Locations Write|Cloudforce One Admin|Cloudforce One Read|\
Connectivity Directory Admin|Connectivity Directory Bind|Connectivity Directory Read|DNS|\
Email Configuration Admin|Email Integration Admin|Email Security Analyst|\
Email Security Policy Admin|Email Security Readonly|Email Security Reporting|Firewall|\
HTTP Applications|HTTP Applications Read|Hyperdrive Admin|Hyperdrive Readonly|Load Balancer|\
Load Balancing Account Read|Log Share|Log Share Reader|Magic Network Monitoring|\
Magic Network Monitoring Admin|Magic Network Monitoring Read-Only|Network Services Read (Magic)|\
Network Services Write (Magic)|Page Shield|Page Shield Read|Realtime|Realtime Admin|\
SSL/TLS, Caching, Performance, Page Rules, and Customization|Secrets Store Admin|\
Secrets Store Deployer|Secrets Store Reporter|Trust and Safety|Turnstile|Turnstile Read|\
Vectorize Admin|Vectorize Readonly|Waiting Room Admin|Waiting Room Read|Workers Editor|\
Workers Platform (Read-only)|Workers Platform Admin|Zaraz Admin|Zaraz Edit|Zaraz Readonly|\
Zone Versioning (Account-Wide)|Zone Versioning Read (Account-Wide)""".split("|")
_DOMAIN_ROLE_NAMES = [
    "Domain Administrator",
    "Domain Administrator Read Only",
    "Bot Management",
    "Cache Domain Purge",
    "Domain API Gateway",
    "Domain API Gateway Read",
    "Domain DNS",
    "Domain Page Shield",
    "Domain Page Shield Read",
    "Domain Waiting Room Admin",
    "Domain Waiting Room Read",
    "Zone Versioning",
    "Zone Versioning Read",
]


def _role(name: str, scope: str) -> Role:
    plain = "".join(c if c.isalnum() else " " for c in name.lower())
    return Role(
        name=name,
        id=hex32(f"role-permission-group/{name}"),
        role_id=_ROLE_IDS.get(name, hex32(f"role/{name}")),
        label=_LABELS.get(name, "_".join(plain.split())),
        scope=scope,
        description=_DESCRIPTIONS.get(name, f"What the dashboard calls {name}."),
    )


ACCOUNT_ROLES = tuple(_role(name, ACCOUNT_SCOPE) for name in _ACCOUNT_ROLE_NAMES)
ROLES = (*ACCOUNT_ROLES, *(_role(name, ZONE_SCOPE) for name in _DOMAIN_ROLE_NAMES))
ROLE_BY_NAME = {role.name: role for role in ROLES}
ROLE_BY_GROUP_ID = {role.id: role for role in ROLES}
ROLE_BY_ROLE_ID = {role.role_id: role for role in ACCOUNT_ROLES}
