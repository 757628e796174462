"""One bad config object a row: what was changed, where the problem is, what the message says."""

from dataclasses import dataclass

from tests.unit.config_samples import ENTRA, OKTA, REMOVED, SUPER, Steps, changed

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
    path: str
    what: str
    instead: str
    schema: bool = True
    why_not: str = ""

    @property
    def object(self) -> dict[str, object]:
        return changed(self.base, self.steps, self.value)


def _okta(name: str, steps: Steps, value: object, path: str, what: str, instead: str,
          why_not: str = "") -> Bad:  # fmt: skip
    return Bad(name, OKTA, steps, value, path, what, instead, not why_not, why_not)


def _entra(name: str, steps: Steps, value: object, path: str, what: str, instead: str,
           why_not: str = "") -> Bad:  # fmt: skip
    return Bad(name, ENTRA, steps, value, path, what, instead, not why_not, why_not)


_ACROSS = "a schema compares no two places"
_CASE = "a schema compares texts with their case"
_CLOCK = "a schema knows no clock"
_SHAPE = "a schema lists no credential shapes"
_NETWORK = "a pattern does not calculate networks"

BAD: tuple[Bad, ...] = (
    # account
    _okta("no account", ("account",), REMOVED, ".account", "account is missing", 'add "account:"'),
    _okta("account as text", ("account",), "Example", ".account", '"Example"', "keys of account"),
    _okta("account null", ("account",), None, ".account", "nothing stands", "keys of account"),
    _okta("no id", ("account", "id"), REMOVED, ".account.id", "id is missing", 'add "id: 01'),
    _okta(
        "id upper case",
        ("account", "id"),
        "0123456789ABCDEF0123456789ABCDEF",
        ".account.id",
        "is no account id",
        "write 0123456789abcdef0123456789abcdef",
    ),
    _okta(
        "id as guid",
        ("account", "id"),
        "01234567-89ab-cdef-0123-456789abcdef",
        ".account.id",
        "is no account id",
        "write 0123456789abcdef0123456789abcdef",
    ),
    _okta("id too short", ("account", "id"), "0123", ".account.id", "is no account id", "32 lower"),
    _okta(
        "id with a line",
        ("account", "id"),
        "0" * 32 + "\n",
        ".account.id",
        "is no account id",
        "write 0000",
    ),
    _okta(
        "id as number",
        ("account", "id"),
        1.2345678901234567e31,
        ".account.id",
        "is read as a number",
        "quotes",
    ),
    _okta(
        "account name empty", ("account", "name"), "", ".account.name", "empty", "write some text"
    ),
    _okta(
        "account name long",
        ("account", "name"),
        NAME_OF_101,
        ".account.name",
        "101 characters",
        "shorter",
    ),
    # role model and prefix
    _okta(
        "no role model",
        ("roleModel",),
        REMOVED,
        ".roleModel",
        "roleModel is missing",
        '"roleModel: userGroups" or "roleModel: virtualGroups"',
    ),
    _okta(
        "role model snake case",
        ("roleModel",),
        "user_groups",
        ".roleModel",
        '"user_groups"',
        "write userGroups",
    ),
    _okta(
        "role model unknown",
        ("roleModel",),
        "labels",
        ".roleModel",
        '"labels"',
        "write userGroups or virtualGroups",
    ),
    _okta("prefix CF", ("groupPrefix",), "CF-", ".groupPrefix", "begin with CF", "otherwise"),
    _okta("prefix cf", ("groupPrefix",), "cf ", ".groupPrefix", "begin with CF", "otherwise"),
    _okta("prefix space CF", ("groupPrefix",), " CF", ".groupPrefix", "begin with CF", "otherwise"),
    _okta(
        "prefix space",
        ("groupPrefix",),
        " Team ",
        ".groupPrefix",
        "begins with white space",
        'write "Team "',
    ),
    _okta(
        "prefix too long", ("groupPrefix",), "x" * 220, ".groupPrefix", "220 characters", "shorter"
    ),
    _okta(
        "prefix number",
        ("groupPrefix",),
        7,
        ".groupPrefix",
        "7 is read as a number",
        'write "7" in quotes',
    ),
    _okta(
        "prefix hidden",
        ("groupPrefix",),
        "Team\u200b ",
        ".groupPrefix",
        "ZERO WIDTH SPACE",
        "anew",
        why_not="the pattern of the prefix looks at its beginning only",
    ),
    # token
    _okta("owner unknown", ("token", "owner"), "me", ".token.owner", '"me"', "account or user"),
    _okta(
        "owner case", ("token", "owner"), "Account", ".token.owner", '"Account"', "write account"
    ),
    _okta("token list", ("token",), ["a"], ".token", "a list stands", "keys of token"),
    _okta(
        "token name long", ("token", "name"), "x" * 121, ".token.name", "121 characters", "shorter"
    ),
    _okta(
        "expired",
        ("token", "expiresOn"),
        "2026-11-23T11:59:59Z",
        ".token.expiresOn",
        "is in the past",
        "token.rotation",
        why_not=_CLOCK,
    ),
    _okta(
        "expiry without zone",
        ("token", "expiresOn"),
        "2027-05-20T00:00:00",
        ".token.expiresOn",
        "zone",
        "2027-05-20T00:00:00Z",
    ),
    _okta(
        "expiry as day",
        ("token", "expiresOn"),
        "2027-05-20",
        ".token.expiresOn",
        "RFC 3339",
        "2027-05-20T00:00:00Z",
    ),
    _okta(
        "expiry no such day",
        ("token", "expiresOn"),
        "2027-02-30T00:00:00Z",
        ".token.expiresOn",
        "RFC 3339",
        "2027-05-20T00:00:00Z",
        why_not="a pattern knows no months",
    ),
    _okta(
        "expiry number",
        ("token", "expiresOn"),
        20270520,
        ".token.expiresOn",
        "20270520",
        "2027-05-20",
    ),
    _okta(
        "rotation number",
        ("token", "rotation"),
        1,
        ".token.rotation",
        "1 is read as a number",
        'write "1" in quotes',
    ),
    _okta(
        "rotation bool",
        ("token", "rotation"),
        True,
        ".token.rotation",
        "true is read as true",
        'write "true" in quotes',
    ),
    _okta(
        "cidr host bits",
        ("token", "allowedCidrs", 0),
        "198.51.100.7/24",
        ".token.allowedCidrs[0]",
        "host bits",
        "write 198.51.100.0/24",
        why_not=_NETWORK,
    ),
    _okta(
        "cidr v6 host bits",
        ("token", "allowedCidrs", 1),
        "2001:db8::1/32",
        ".token.allowedCidrs[1]",
        "host bits",
        "write 2001:db8::/32",
        why_not=_NETWORK,
    ),
    _okta(
        "cidr without length",
        ("token", "allowedCidrs", 0),
        "198.51.100.7",
        ".token.allowedCidrs[0]",
        "CIDR",
        "write 198.51.100.7/32",
    ),
    _okta(
        "cidr words",
        ("token", "allowedCidrs", 0),
        "office",
        ".token.allowedCidrs[0]",
        "CIDR",
        "203.0.113.0/24",
    ),
    _okta(
        "cidr twice",
        ("token", "allowedCidrs", 1),
        "203.0.113.0/24",
        ".token.allowedCidrs[1]",
        "listed twice",
        "remove one",
    ),
    _okta(
        "cidrs as text",
        ("token", "allowedCidrs"),
        "203.0.113.0/24",
        ".token.allowedCidrs",
        "a list belongs",
        "write [203.0.113.0/24]",
    ),
    # roles and people
    _okta(
        "role unknown",
        ("roles", "DNS"),
        {},
        ".roles.DNS",
        "none of the four roles",
        '"Administrator Read Only", "Administrator", "Billing"',
    ),
    _okta(
        "role as list",
        ("roles", "Billing"),
        ["ada@example.com"],
        ".roles.Billing",
        "a list",
        "members",
    ),
    _okta(
        "role null",
        ("roles", "Billing"),
        None,
        ".roles.Billing",
        "nothing stands",
        'write "Billing: {}"',
    ),
    _okta("no roles", ("roles",), {}, ".roles", "no role is named", "leave the key out"),
    _okta("roles list", ("roles",), ["Billing"], ".roles", "a list", "keys of roles"),
    _okta(
        "members null",
        ("roles", "Billing", "members"),
        None,
        ".roles.Billing.members",
        "null",
        "write [] for nobody",
    ),
    _okta(
        "members text",
        ("roles", "Billing", "members"),
        "ada@example.com",
        ".roles.Billing.members",
        "a list belongs",
        "write [ada@example.com]",
    ),
    _okta(
        "member number",
        ("roles", "Billing", "members"),
        [7],
        ".roles.Billing.members[0]",
        "7 is read as a number",
        "quotes",
    ),
    _okta(
        "member key typo",
        ("roles", "Billing", "member"),
        [],
        ".roles.Billing.member",
        '"member" is no key here',
        "write members",
    ),
    _okta(
        "member twice",
        ("roles", SUPER, "members", 2),
        "Grace@Example.com",
        f".roles.{SUPER}.members[2]",
        "listed twice",
        "remove one",
        why_not=_CASE,
    ),
    _okta(
        "member spelled twice",
        ("roles", "Administrator Read Only", "members"),
        ["ADA@example.com"],
        ".roles.Administrator.members[0]",
        "is spelled",
        "one way",
        why_not=_ACROSS,
    ),
    _okta(
        "break-glass twice",
        ("breakGlass", 1),
        "owner@example.com",
        ".breakGlass[1]",
        "listed twice",
        "remove one",
    ),
    _okta(
        "break-glass with a role",
        ("breakGlass", 1),
        "grace@example.com",
        f".roles.{SUPER}.members[0]",
        "also stands in breakGlass",
        "remove the address",
        why_not=_ACROSS,
    ),
    _okta(
        "break-glass null",
        ("breakGlass",),
        None,
        ".breakGlass",
        "nothing stands where a list",
        "[]",
    ),
    # waivers
    _okta(
        "waiver without end",
        ("waivers", 0, "until"),
        REMOVED,
        ".waivers[0].until",
        "until is missing",
        "2026-12-31",
    ),
    _okta(
        "waiver no day",
        ("waivers", 0, "until"),
        "soon",
        ".waivers[0].until",
        "is no day",
        "2026-12-31",
    ),
    _okta(
        "waiver reason empty",
        ("waivers", 0, "reason"),
        " ",
        ".waivers[0].reason",
        "empty",
        "write some text",
    ),
    _okta(
        "waiver rule words",
        ("waivers", 0, "rule"),
        "Token Expiry",
        ".waivers[0].rule",
        "no rule name",
        "joined by hyphens",
    ),
    _okta("waivers mapping", ("waivers",), {"rule": "x"}, ".waivers", "a mapping stands", "dash"),
    # identity provider
    _okta("no provider", (IDP,), REMOVED, f".{IDP}", "is missing", "kind"),
    _okta("no kind", (IDP, "kind"), REMOVED, f".{IDP}.kind", "kind is missing", '"kind: entra"'),
    _okta("kind case", (IDP, "kind"), "Okta", f".{IDP}.kind", '"Okta"', 'write "kind: okta"'),
    _okta(
        "kind azure", (IDP, "kind"), "azuread", f".{IDP}.kind", '"azuread"', 'write "kind: entra"'
    ),
    _okta(
        "key of entra",
        (IDP, "appName"),
        "x",
        f".{IDP}.appName",
        "belongs to kind entra",
        "kind: entra",
    ),
    _entra(
        "key of okta",
        (IDP, "orgName"),
        "x",
        f".{IDP}.orgName",
        "belongs to kind okta",
        "kind: okta",
    ),
    _okta(
        "key elsewhere",
        ("expiresOn",),
        "2027-05-20T00:00:00Z",
        ".expiresOn",
        "stands in the wrong place",
        "under token",
    ),
    _okta(
        "snake case key", ("break_glass",), [], ".break_glass", "is no key here", "write breakGlass"
    ),
    _okta(
        "org domain",
        (IDP, "orgName"),
        "example.okta.com",
        f".{IDP}.orgName",
        "plain name",
        "write example",
    ),
    _okta(
        "org url",
        (IDP, "orgName"),
        "https://example-admin.okta.com/admin",
        f".{IDP}.orgName",
        "plain name",
        "write example",
    ),
    _okta(
        "org own domain",
        (IDP, "orgName"),
        "login.example.com",
        f".{IDP}.orgName",
        "plain name",
        "okta.com address",
    ),
    _okta(
        "label too long",
        (IDP, "appLabel"),
        "x" * 101,
        f".{IDP}.appLabel",
        "101 characters",
        "shorter",
    ),
    _okta(
        "catalog title",
        (IDP, "catalogApp"),
        "SCIM 2.0 Test App (OAuth Bearer Token)",
        f".{IDP}.catalogApp",
        "is no key",
        "scim2testapp",
    ),
    _okta(
        "confirmed as text",
        (IDP, "apiIntegrationConfirmed"),
        "yes",
        f".{IDP}.apiIntegrationConfirmed",
        "neither true nor false",
        "write true",
    ),
    _okta(
        "users group is a role",
        (IDP, "usersGroup", "name"),
        "Administrator",
        f".{IDP}.usersGroup.name",
        "name of a role group",
        "another name",
    ),
    _okta(
        "users group long",
        (IDP, "usersGroup", "name"),
        "x" * 256,
        f".{IDP}.usersGroup.name",
        "256 characters",
        "shorter",
    ),
    _entra(
        "users group CF",
        (IDP, "usersGroup", "name"),
        "CF Users",
        f".{IDP}.usersGroup.name",
        "begins with CF",
        "Cloudflare Users",
        why_not="the group's schema is shared with Okta",
    ),
    _entra(
        "member filter",
        (IDP, "userFilter", 0),
        {"attribute": "MemberOf", "operator": "EQUALS", "value": "x"},
        f".{IDP}.userFilter[0].attribute",
        "group membership",
        "scope: assigned",
    ),
    _entra(
        "member operator",
        (IDP, "userFilter", 0),
        {"attribute": "department", "operator": "IsMemberOf", "value": "x"},
        f".{IDP}.userFilter[0].operator",
        "group membership",
        "scope: assigned",
    ),
    _entra(
        "operator case",
        (IDP, "userFilter", 0, "operator"),
        "equals",
        f".{IDP}.userFilter[0].operator",
        "no filter operator",
        'write "EQUALS"',
    ),
    _entra(
        "operator underscore",
        (IDP, "userFilter", 0, "operator"),
        "NOT_EQUALS",
        f".{IDP}.userFilter[0].operator",
        "no filter operator",
        'write "NOT EQUALS"',
    ),
    _entra(
        "operator unknown",
        (IDP, "userFilter", 0, "operator"),
        "<>",
        f".{IDP}.userFilter[0].operator",
        "no filter operator",
        "write one of",
    ),
    _entra(
        "value missing",
        (IDP, "userFilter", 0, "value"),
        REMOVED,
        f".{IDP}.userFilter[0].value",
        "no value is given",
        "add a value",
    ),
    _entra(
        "value too many",
        (IDP, "userFilter", 1, "value"),
        "x",
        f".{IDP}.userFilter[1].value",
        "a value is given with IS NOT NULL",
        "leave the value out",
    ),
    _entra(
        "value no integer",
        (IDP, "userFilter", 0),
        {"attribute": "level", "operator": "Greater_Than", "value": "ten"},
        f".{IDP}.userFilter[0].value",
        "is no integer",
        "digits",
    ),
    _entra(
        "value number",
        (IDP, "userFilter", 0, "value"),
        7,
        f".{IDP}.userFilter[0].value",
        "7 is read as a number",
        'write "7" in quotes',
    ),
    _entra(
        "filter with assigned",
        (IDP, "scope"),
        "assigned",
        f".{IDP}.userFilter",
        "with scope assigned",
        "scope: filtered",
    ),
    _entra(
        "threshold zero",
        (IDP, "deletionThreshold"),
        0,
        f".{IDP}.deletionThreshold",
        "no positive whole number",
        "above 0",
    ),
    _entra(
        "threshold text",
        (IDP, "deletionThreshold"),
        "10",
        f".{IDP}.deletionThreshold",
        "no positive whole number",
        "write 10, without quotes",
    ),
    _entra(
        "threshold bool",
        (IDP, "deletionThreshold"),
        True,
        f".{IDP}.deletionThreshold",
        "no positive whole number",
        "above 0",
    ),
    _entra(
        "notification words",
        (IDP, "notificationEmail"),
        "the IT team",
        f".{IDP}.notificationEmail",
        "more than one word",
        "one plain address",
    ),
    _entra(
        "suffix without ?",
        (IDP, "tenantUrlSuffix"),
        "aadOptscim062020",
        f".{IDP}.tenantUrlSuffix",
        "tenant URL",
        "write ?aadOptscim062020",
    ),
    _entra("app name empty", (IDP, "appName"), "", f".{IDP}.appName", "empty", "write some text"),
    # credentials
    _okta(
        "encrypted value",
        ("token", "name"),
        {"secure": "AAABAK"},
        ".token.name",
        "an encrypted value",
        "remove it",
    ),
    _okta(
        "token as value",
        ("account", "name"),
        "cfat_" + "a1B2" * 10,
        ".account.name",
        "shape of a credential",
        "revoke it",
        why_not=_SHAPE,
    ),
)
