"""Bad configs: what was changed, where the problem is, what the message says; one a row."""

from dataclasses import dataclass

from tests.config.config_samples import ENTRA, OKTA, REMOVED, Steps, changed
from tests.configs import SUPER

IDP = "identityProvider"
NAME_OF_101 = "x" * 101


@dataclass(frozen=True)
class Bad:
    """A change of a good object that must be refused at `path` with these words.

    `schema` says whether a JSON Schema can see it; `why_not` gives the reason where it cannot.
    """

    name: str
    base: dict[str, object]
    steps: Steps
    value: object
    what: str
    instead: str
    at: str = ""
    why_not: str = ""

    @property
    def path(self) -> str:
        """Where the problem is: in what was changed, unless the row says otherwise."""
        changed_at = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.steps)
        return self.at or "".join(changed_at)

    @property
    def schema(self) -> bool:
        return not self.why_not

    @property
    def object(self) -> dict[str, object]:
        return changed(self.base, self.steps, self.value)


def okta(name: str, *row: object, **more: str) -> Bad:
    return Bad(name, OKTA, *row, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def entra(name: str, *row: object, **more: str) -> Bad:
    return Bad(name, ENTRA, *row, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


ACROSS = "a schema compares no two places"
CASE = "a schema compares texts with their case"
CLOCK = "a schema knows no clock"
SHAPE = "a schema lists no credential shapes"
NETWORK = "a pattern does not calculate networks"

BAD: tuple[Bad, ...] = (
    # account
    okta("no account", ("account",), REMOVED, "account is missing", 'add "account:"'),
    okta("account as text", ("account",), "Example", '"Example"', "keys of account"),
    okta("account null", ("account",), None, "nothing stands", "keys of account"),
    okta("no id", ("account", "id"), REMOVED, "id is missing", 'add "id: 01'),
    okta(
        "id upper case",
        ("account", "id"),
        "0123456789ABCDEF0123456789ABCDEF",
        "is no account id",
        "write 0123456789abcdef0123456789abcdef",
    ),
    okta(
        "id as guid",
        ("account", "id"),
        "01234567-89ab-cdef-0123-456789abcdef",
        "is no account id",
        "write 0123456789abcdef0123456789abcdef",
    ),
    okta("id too short", ("account", "id"), "0123", "is no account id", "32 lower"),
    okta("id with a line", ("account", "id"), "0" * 32 + "\n", "is no account id", "write 0000"),
    okta("id as number", ("account", "id"), 1.2345678901234567e31, "is read as a number", "quotes"),
    okta("account name empty", ("account", "name"), "", "empty", "write some text"),
    okta("account name long", ("account", "name"), NAME_OF_101, "101 characters", "shorter"),
    # role model and prefix
    okta(
        "no role model",
        ("roleModel",),
        REMOVED,
        "roleModel is missing",
        '"roleModel: userGroups" or "roleModel: virtualGroups"',
    ),
    okta(
        "role model snake case", ("roleModel",), "user_groups", '"user_groups"', "write userGroups"
    ),
    okta(
        "role model unknown",
        ("roleModel",),
        "labels",
        '"labels"',
        "write userGroups or virtualGroups",
    ),
    okta("prefix CF", ("groupPrefix",), "CF-", "begin with CF", "otherwise"),
    okta("prefix cf", ("groupPrefix",), "cf ", "begin with CF", "otherwise"),
    okta("prefix space CF", ("groupPrefix",), " CF", "begin with CF", "otherwise"),
    okta("prefix space", ("groupPrefix",), " Team ", "begins with white space", 'write "Team "'),
    okta("prefix too long", ("groupPrefix",), "x" * 220, "220 characters", "shorter"),
    okta("prefix number", ("groupPrefix",), 7, "7 is read as a number", 'write "7" in quotes'),
    okta(
        "prefix hidden",
        ("groupPrefix",),
        "Team\u200b ",
        "ZERO WIDTH SPACE",
        "anew",
        why_not="the pattern of the prefix looks at its beginning only",
    ),
    # token
    okta("owner unknown", ("token", "owner"), "me", '"me"', "account or user"),
    okta("owner case", ("token", "owner"), "Account", '"Account"', "write account"),
    okta("token list", ("token",), ["a"], "a list stands", "keys of token"),
    okta("token name long", ("token", "name"), "x" * 121, "121 characters", "shorter"),
    okta(
        "expired",
        ("token", "expiresOn"),
        "2026-11-23T11:59:59Z",
        "is in the past",
        "token.rotation",
        why_not=CLOCK,
    ),
    okta(
        "expiry without zone",
        ("token", "expiresOn"),
        "2027-05-20T00:00:00",
        "zone",
        "2027-05-20T00:00:00Z",
    ),
    okta("expiry as day", ("token", "expiresOn"), "2027-05-20", "RFC 3339", "2027-05-20T00:00:00Z"),
    okta(
        "expiry no such day",
        ("token", "expiresOn"),
        "2027-02-30T00:00:00Z",
        "RFC 3339",
        "2027-05-20T00:00:00Z",
        why_not="a pattern knows no months",
    ),
    okta("expiry number", ("token", "expiresOn"), 20270520, "20270520", "2027-05-20"),
    okta(
        "rotation number", ("token", "rotation"), 1, "1 is read as a number", 'write "1" in quotes'
    ),
    okta(
        "rotation bool",
        ("token", "rotation"),
        True,
        "true is read as true",
        'write "true" in quotes',
    ),
    okta(
        "cidr host bits",
        ("token", "allowedCidrs", 0),
        "198.51.100.7/24",
        "host bits",
        "write 198.51.100.0/24",
        why_not=NETWORK,
    ),
    okta(
        "cidr v6 host bits",
        ("token", "allowedCidrs", 1),
        "2001:db8::1/32",
        "host bits",
        "write 2001:db8::/32",
        why_not=NETWORK,
    ),
    okta(
        "cidr without length",
        ("token", "allowedCidrs", 0),
        "198.51.100.7",
        "CIDR",
        "write 198.51.100.7/32",
    ),
    okta("cidr words", ("token", "allowedCidrs", 0), "office", "CIDR", "203.0.113.0/24"),
    okta(
        "cidr twice", ("token", "allowedCidrs", 1), "203.0.113.0/24", "listed twice", "remove one"
    ),
    okta(
        "cidrs as text",
        ("token", "allowedCidrs"),
        "203.0.113.0/24",
        "a list belongs",
        "write [203.0.113.0/24]",
    ),
    # roles and people
    okta(
        "role unknown",
        ("roles", "DNS"),
        {},
        "none of the roles",
        '"Administrator Read Only", "Administrator", "Billing"',
    ),
    okta("role as list", ("roles", "Billing"), ["ada@example.com"], "a list", "members"),
    okta("role null", ("roles", "Billing"), None, "nothing stands", 'write "Billing: {}"'),
    okta("no roles", ("roles",), {}, "no role is named", "leave the key out"),
    okta("roles list", ("roles",), ["Billing"], "a list", "keys of roles"),
    okta("members null", ("roles", "Billing", "members"), None, "null", "write [] for nobody"),
    okta(
        "members text",
        ("roles", "Billing", "members"),
        "ada@example.com",
        "a list belongs",
        "write [ada@example.com]",
    ),
    okta(
        "member number",
        ("roles", "Billing", "members"),
        [7],
        "7 is read as a number",
        "quotes",
        at=".roles.Billing.members[0]",
    ),
    okta(
        "member key typo",
        ("roles", "Billing", "member"),
        [],
        '"member" is no key here',
        "write members",
    ),
    okta(
        "member twice",
        ("roles", SUPER, "members", 2),
        "Grace@Example.com",
        "listed twice",
        "remove one",
        why_not=CASE,
    ),
    okta(
        "member spelled twice",
        ("roles", "Administrator Read Only", "members"),
        ["ADA@example.com"],
        "is spelled",
        "one way",
        at=".roles.Administrator.members[0]",
        why_not=ACROSS,
    ),
    okta("break-glass twice", ("breakGlass", 1), "owner@example.com", "listed twice", "remove one"),
    okta(
        "break-glass with a role",
        ("breakGlass", 1),
        "grace@example.com",
        "also stands in breakGlass",
        "remove the address",
        at=f".roles.{SUPER}.members[0]",
        why_not=ACROSS,
    ),
    okta("break-glass null", ("breakGlass",), None, "nothing stands where a list", "[]"),
    # waivers
    okta("waiver without end", ("waivers", 0, "until"), REMOVED, "until is missing", "2026-12-31"),
    okta("waiver no day", ("waivers", 0, "until"), "soon", "is no day", "2026-12-31"),
    okta("waiver reason empty", ("waivers", 0, "reason"), " ", "empty", "write some text"),
    okta(
        "waiver rule words",
        ("waivers", 0, "rule"),
        "Token Expiry",
        "no rule name",
        "joined by hyphens",
    ),
    okta("waivers mapping", ("waivers",), {"rule": "x"}, "a mapping stands", "dash"),
    # identity provider
    okta("no provider", (IDP,), REMOVED, "is missing", "kind"),
    okta("no kind", (IDP, "kind"), REMOVED, "kind is missing", '"kind: entra"'),
    okta("kind case", (IDP, "kind"), "Okta", '"Okta"', 'write "kind: okta"'),
    okta("kind azure", (IDP, "kind"), "azuread", '"azuread"', 'write "kind: entra"'),
    okta("key of entra", (IDP, "appName"), "x", "belongs to kind entra", "kind: entra"),
    entra("key of okta", (IDP, "orgName"), "x", "belongs to kind okta", "kind: okta"),
    okta(
        "key elsewhere",
        ("expiresOn",),
        "2027-05-20T00:00:00Z",
        "stands in the wrong place",
        "under token",
    ),
    okta("snake case key", ("break_glass",), [], "is no key here", "write breakGlass"),
    okta("org domain", (IDP, "orgName"), "example.okta.com", "plain name", "write example"),
    okta(
        "org url",
        (IDP, "orgName"),
        "https://example-admin.okta.com/admin",
        "plain name",
        "write example",
    ),
    okta("org own domain", (IDP, "orgName"), "login.example.com", "plain name", "okta.com address"),
    okta("label too long", (IDP, "appLabel"), "x" * 101, "101 characters", "shorter"),
    okta(
        "catalog title",
        (IDP, "catalogApp"),
        "SCIM 2.0 Test App (OAuth Bearer Token)",
        "is no key",
        "scim2testapp",
    ),
    okta(
        "confirmed as text",
        (IDP, "apiIntegrationConfirmed"),
        "yes",
        "neither true nor false",
        "write true",
    ),
    okta(
        "users group is a role",
        (IDP, "usersGroup", "name"),
        "Administrator",
        "name of a role group",
        "another name",
    ),
    okta("users group long", (IDP, "usersGroup", "name"), "x" * 256, "256 characters", "shorter"),
    entra(
        "users group CF",
        (IDP, "usersGroup", "name"),
        "CF Users",
        "begins with CF",
        "Cloudflare Users",
        why_not="the group's schema is shared with Okta",
    ),
    entra(
        "member filter",
        (IDP, "userFilter", 0),
        {"attribute": "MemberOf", "operator": "EQUALS", "value": "x"},
        "group membership",
        "scope: assigned",
        at=f".{IDP}.userFilter[0].attribute",
    ),
    entra(
        "member operator",
        (IDP, "userFilter", 0),
        {"attribute": "department", "operator": "IsMemberOf", "value": "x"},
        "group membership",
        "scope: assigned",
        at=f".{IDP}.userFilter[0].operator",
    ),
    entra(
        "apostrophe in the users' group",
        (IDP, "usersGroup"),
        {"name": "Cloudflare's Users"},
        "has an apostrophe",
        "without apostrophe",
        at=f".{IDP}.usersGroup.name",
        why_not=ACROSS,
    ),
    entra(
        "apostrophe in the prefix",
        ("groupPrefix",),
        "Ada's ",
        "has an apostrophe",
        "without apostrophe",
        why_not=ACROSS,
    ),
    entra("cloud", (IDP, "cloud"), "usgovernment", "usgovernment", "usGovernment"),
    entra(
        "operator case",
        (IDP, "userFilter", 0, "operator"),
        "equals",
        "no filter operator",
        'write "EQUALS"',
    ),
    entra(
        "operator underscore",
        (IDP, "userFilter", 0, "operator"),
        "NOT_EQUALS",
        "no filter operator",
        'write "NOT EQUALS"',
    ),
    entra(
        "operator unknown",
        (IDP, "userFilter", 0, "operator"),
        "<>",
        "no filter operator",
        "write one of",
    ),
    entra(
        "value missing",
        (IDP, "userFilter", 0, "value"),
        REMOVED,
        "no value is given",
        "add a value",
    ),
    entra(
        "value too many",
        (IDP, "userFilter", 1, "value"),
        "x",
        "a value is given with IS NOT NULL",
        "leave the value out",
    ),
    entra(
        "value no integer",
        (IDP, "userFilter", 0),
        {"attribute": "level", "operator": "Greater_Than", "value": "ten"},
        "is no integer",
        "digits",
        at=f".{IDP}.userFilter[0].value",
    ),
    entra(
        "value number",
        (IDP, "userFilter", 0, "value"),
        7,
        "7 is read as a number",
        'write "7" in quotes',
    ),
    entra(
        "filter with assigned",
        (IDP, "scope"),
        "assigned",
        "with scope assigned",
        "scope: filtered",
        at=f".{IDP}.userFilter",
    ),
    entra("threshold zero", (IDP, "deletionThreshold"), 0, "no positive whole number", "above 0"),
    entra(
        "threshold text",
        (IDP, "deletionThreshold"),
        "10",
        "no positive whole number",
        "write 10, without quotes",
    ),
    entra(
        "threshold bool", (IDP, "deletionThreshold"), True, "no positive whole number", "above 0"
    ),
    entra(
        "notification words",
        (IDP, "notificationEmail"),
        "the IT team",
        "more than one word",
        "one plain address",
    ),
    entra(
        "suffix without ?",
        (IDP, "tenantUrlSuffix"),
        "aadOptscim062020",
        "tenant URL",
        "write ?aadOptscim062020",
    ),
    entra("app name empty", (IDP, "appName"), "", "empty", "write some text"),
    # credentials
    okta(
        "encrypted value",
        ("token", "name"),
        {"secure": "AAABAK"},
        "an encrypted value",
        "remove it",
    ),
    okta(
        "token as value",
        ("account", "name"),
        "cfat_" + "a1B2" * 10,
        "shape of a credential",
        "revoke it",
        why_not=SHAPE,
    ),
)
