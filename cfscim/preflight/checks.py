"""What is asked of one vendor: rights first, and nothing further where one is missing.

Each answer is an `Answer`: what is so, or a `Message` with what stands in the way. Only reads; the
sign-in itself is the only POST.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from cfscim.config.access import access_table, people
from cfscim.config.calls import POLITE, calls
from cfscim.config.facts import ACCOUNT_SCOPE, USER_SCOPE, account_resource
from cfscim.config.json_types import Json, JsonObject, inner, items, string, strings
from cfscim.config.kinds import OKTA_PERSON
from cfscim.config.lanes import lanes
from cfscim.config.messages import Message, Where
from cfscim.config.models import ScimConfig
from cfscim.config.names import OWN_TOKENS, account_path, every_group_name, scim_path
from cfscim.config.okta_people import OFF, STATES
from cfscim.config.policy.lock_out import LOCK_OUT, Charge, is_waived, lock_out, waived_until
from cfscim.config.provider_settings import (
    ENTRA_TENANT,
    GUID,
    OKTA_ACCESS_TOKEN,
    OKTA_API_TOKEN,
    OKTA_SCOPES,
)
from cfscim.config.roles import (
    ACCOUNT_SETTINGS_READ,
    ACCOUNT_TOKENS_WRITE,
    MEMBERSHIPS_READ,
    OWN_TOKENS_WRITE,
    SCIM_PROVISIONING,
    USER_DETAILS_READ,
)
from cfscim.config.tenant import require_cloud
from cfscim.preflight import rights
from cfscim.preflight.answers import Answer, Asked, refused, unknown, wrong
from cfscim.preflight.licences import (
    cloudflare_plan,
    dashboard_sso,
    lifecycle_management,
    nested_groups,
    premium,
)
from cfscim.preflight.recycle_bin import recycle_bin
from cfscim.preflight.rights import (
    DIRECTORY,
    HOW,
    HOW_PERSON,
    HOW_ROLE,
    Right,
    claims_of,
    directory_roles,
    needed,
)
from cfscim.preflight.token_user import NO_MEMBER, token_user
from cfscim.rehearsal.okta import groups_in_the_way
from cfscim.vendors.active import active
from cfscim.vendors.cloudflare.access import left_in_charge
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.jobs import described, further_keys, removal
from cfscim.vendors.entra.models import Member
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta import APPS, GROUPS, NOT_GRANTED, POLICIES, SCOPES, USERS
from cfscim.vendors.okta.api import OktaClient
from cfscim.vendors.okta.checks import console_problems
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import numbered_pages, told
from cfscim.vendors.settings import Settings

ORGANISATION = "okta.organisation"


def _rights(
    vendor: str, rights: Iterable[Right], granted: frozenset[str], how: str = ""
) -> Iterator[Answer]:
    """A line a right; the missing ones named with how they are granted."""
    for right in rights:
        id_ = f"{vendor.lower()}.right.{right.name}"
        if right.is_in(granted):
            yield Answer(id_, f"{right.name}: {right.use}")
        else:
            yield wrong(
                id_,
                f"{vendor} credential",
                f"the right {right.name} is missing",
                f"it is needed for {right.use}",
                how or HOW[vendor],
            )


def _roles_of(config: ScimConfig, address: str) -> str:
    roles = [grant.role.value for grant in access_table(config) if grant.person == address]
    return ", ".join(roles) or "no role"


# -- Cloudflare ------------------------------------------------------------------------------


def cloudflare(asked: Asked) -> Iterator[Answer]:
    """The token's rights, then the account, its plan, its SCIM endpoint and its role model."""
    config = asked.config
    with cloudflare_http(asked.settings, asked.env) as http:
        own = _own_token(http, config.account.id)
        answers = [*_cloudflare_rights(http, config, own)]
        missing = [answer for answer in answers if answer.status == "problem"]
        if missing and len(missing) == len(answers):
            yield _of_another_account(config, len(missing))
            return
        yield from answers
        if not missing:
            if own is not None and own.of_user:
                client = CloudflareClient(http, asked.settings, asked.env)
                of_its_user = token_user(http, client, config)
                yield of_its_user
                if of_its_user.id == NO_MEMBER:
                    return  # nothing of the account answers
            yield from _account(http, config)
            yield from _scim(http, config)
            yield from _catalogue(http, config)
            yield from _who_remains(http, asked)
            yield from dashboard_sso(http, config)
            yield cloudflare_plan(http, config)


def _of_another_account(config: ScimConfig, rights: int) -> Answer:
    """One line for a credential that may do nothing here: its rights are not what is wrong."""
    return wrong(
        "cloudflare.credential",
        "Cloudflare credential",
        f"it has none of the {rights} rights in account {config.account.id}",
        "it is another account's, it has ended, or it was made without permissions",
        f"take the credential of that account, or: {HOW['Cloudflare']}",
    )


@dataclass(frozen=True)
class _OwnToken:
    """The token that signs in; `policies` is None where it may not read its own."""

    of_user: bool
    policies: list[JsonObject] | None


def _cloudflare_rights(
    http: HttpClient, config: ScimConfig, own: _OwnToken | None
) -> Iterator[Answer]:
    """What the token's own policies say; where it may not read those, what it may read."""
    rights = needed(config)["Cloudflare"]
    if own is None or own.policies is None:
        yield from _seen_rights(http, config, rights)
        return
    granted: set[str] = set()
    account = account_resource(config.account.id)
    for policy in own.policies:
        resources = {*inner(policy, "resources")}
        covers = resources & {account, f"{ACCOUNT_SCOPE}.*"} or any(
            key.startswith(f"{USER_SCOPE}.") for key in resources
        )
        if policy.get("effect") == "allow" and covers:
            granted |= {string(group, "name") for group in items(policy, "permission_groups")}
    yield from _rights("Cloudflare", rights, frozenset(granted))


def _own_token(http: HttpClient, account: str) -> _OwnToken | None:
    """An account's token or a user's; None for what is no token, as an API key."""
    for base in (f"{account_path(account)}/tokens", OWN_TOKENS):
        try:
            own = string(told(http.get(f"{base}/verify"), "result"), "id")
        except AnswerError as error:
            if error.kind in ("unauthorized", "rejected", "forbidden", "not found"):
                continue  # a token of the other kind, or an API key, which is none
            raise
        try:
            shown = http.get(f"{base}/{quote(own)}")
        except AnswerError as error:
            if error.kind in ("forbidden", "not found"):
                return _OwnToken(base == OWN_TOKENS, None)
            raise
        policies = items(told(shown, "result"), "policies")
        return _OwnToken(base == OWN_TOKENS, policies)
    return None


def _seen_rights(http: HttpClient, config: ScimConfig, rights: Iterable[Right]) -> Iterator[Answer]:
    """Each right by a harmless read that is refused without it; of writing nothing can be seen."""
    account = account_path(config.account.id)
    reads = {
        ACCOUNT_TOKENS_WRITE: f"{account}/tokens",
        SCIM_PROVISIONING: f"{account}/iam/user_groups",
        OWN_TOKENS_WRITE: OWN_TOKENS,
        USER_DETAILS_READ: "/user",
        ACCOUNT_SETTINGS_READ: f"{account}/members",
        MEMBERSHIPS_READ: "/memberships",
    }
    for right in rights:
        id_, path = f"cloudflare.right.{right.name}", reads.get(right.name)
        try:
            if path is not None:
                http.get(path)
        except AnswerError as error:
            if error.kind == "forbidden":
                yield from _rights("Cloudflare", (right,), frozenset())
            elif error.kind == "not found":
                path = None
            else:
                yield refused(id_, error)
            if path is not None:
                continue
        if path is not None:
            yield Answer(id_, f"{right.name}, as far as reading shows: {right.use}")
        else:
            yield unknown(
                id_,
                "Cloudflare credential",
                f"whether the right {right.name} is there cannot be read",
                "let the credential read its own permissions, or look in the dashboard",
            )


def _account(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    about = f"account {config.account.id}"
    try:
        shown = told(http.get(account_path(config.account.id)), "result")
    except AnswerError as error:
        yield refused("cloudflare.account", error)
        return
    name = string(shown, "name")
    if _plain(name) == _plain(config.account.name):
        yield Answer("cloudflare.account", f"{about} is {name}")
    else:
        yield wrong(
            "cloudflare.account",
            about,
            f'its name is "{name}", the config says "{config.account.name}"',
            "the id may be another account's, whose members would be changed",
            "compare id and name in the dashboard, and write both as they are there",
        )
    plan = string(shown, "type")
    if plan == "enterprise":
        yield Answer("cloudflare.plan", f"{about} is an Enterprise account")
    else:
        yield wrong(
            "cloudflare.plan",
            about,
            f"its plan is {plan or 'not said'}",
            "Cloudflare serves dashboard SCIM to Enterprise accounts only",
            "ask Cloudflare for the Enterprise plan of this account",
        )


def _plain(name: str) -> str:
    """A name without a note in parentheses at its end, and without regard to case."""
    return re.sub(r"\s*\([^()]*\)$", "", name).strip().casefold()


def _scim(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    base, about = scim_path(config.account.id), "Cloudflare SCIM"
    try:
        http.get(f"{base}/ServiceProviderConfig")
        yield Answer("cloudflare.scim", "the account's SCIM endpoint answers")
        groups = items(told(http.get(f"{base}/Groups")), "Resources")
    except AnswerError as error:
        if error.kind == "not found":
            yield wrong(
                "cloudflare.scim",
                about,
                "there is no SCIM endpoint for this account",
                "nobody can be provisioned",
                "ask Cloudflare to enable dashboard SCIM for it",
            )
        else:
            yield refused("cloudflare.scim", error)
        return
    if any(lane.config.role_model == "virtualGroups" for lane in lanes(config)):
        # Source: guide; the virtual groups of an account are listed as CF-<id> - <role>.
        if any(string(group, "displayName").startswith("CF-") for group in groups):
            yield Answer("cloudflare.roleModel", "virtual groups are served")
        else:
            yield wrong(
                "cloudflare.roleModel",
                "roleModel virtualGroups",
                "this account serves no virtual groups",
                "a pushed group would give nobody a role",
                "write roleModel: userGroups (docs/user-groups.md)",
            )


def _catalogue(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    """With User Groups: the roles to attach, by exact name."""
    if all(lane.config.role_model != "userGroups" for lane in lanes(config)):
        return
    path = f"{account_path(config.account.id)}/iam/permission_groups"
    try:
        known = {string(group, "name") for group in numbered_pages(http, path, {})}
    except AnswerError as error:
        yield refused("cloudflare.roleModel", error)
        return
    missing = [role.value for role in config.roles if role.value not in known]
    if missing:
        yield wrong(
            "cloudflare.roleModel",
            "roleModel userGroups",
            f"the account has no permission group {', '.join(missing)}",
            "the User Group could be given no role",
            "ask Cloudflare which roles this account has",
        )
    else:
        yield Answer("cloudflare.roleModel", "every role can be given to a group")


def _who_remains(http: HttpClient, asked: Asked) -> Iterator[Answer]:
    """What the lock-out guard of the update will count."""
    id_, config = "cloudflare.lockOut", asked.config
    after = Charge.of(config)
    try:
        client = CloudflareClient(http, asked.settings, asked.env)
        before = asked.before or after
        remaining = left_in_charge(
            client, before, after, lambda who: active(_directories(asked), who)
        )
    except AnswerError as error:
        yield refused(id_, error)
        return
    if remaining.people:
        said = ", ".join(sorted(remaining.people))
        yield Answer(id_, f"Super Administrators who stay: {said}")
    elif remaining.others:
        yield unknown(
            id_,
            "Super Administrators",
            "nobody is known to have the role, and the identity provider says who is in its group",
            "look that somebody is in that group before the update, or name breakGlass people",
        )
    elif is_waived(waived_until(config), asked.today):
        yield Answer(id_, f"no Super Administrator would remain; {LOCK_OUT} is waived")
    else:
        yield Answer(id_, message=lock_out(before.account, remaining.before).message)


def _directories(asked: Asked) -> Iterator[Callable[[], OktaClient | GraphClient]]:
    """The identity providers of the stack, signed in where they are asked."""
    for kind in {lane.config.identity_provider.kind for lane in lanes(asked.config)}:
        of = OktaClient if kind == "okta" else GraphClient
        yield lambda of=of: of.from_settings(asked.settings, asked.env)


# -- Okta ------------------------------------------------------------------------------------


def okta(asked: Asked) -> Iterator[Answer]:
    """Rights, then the organisation and every person."""
    rights = [*_okta_rights(asked)]
    yield from rights
    if any(answer.status == "problem" for answer in rights):
        return
    with okta_http(asked.settings, asked.env) as http:
        roles = [*_okta_roles(http, asked)]
        yield from roles
        if any(answer.status == "problem" for answer in roles):
            return
        yield from _organisation(http, asked)
        client = OktaClient(http)
        yield from _okta_switches(client, asked)
        yield from lifecycle_management(client, asked.application)
        yield from _names_in_the_way(http, asked.config)
        yield from _okta_people(client, asked.config)
        yield from _okta_refresh(asked.config)


def _okta_rights(asked: Asked) -> Iterator[Answer]:
    settings = Settings(asked.settings, asked.env)
    every = needed(asked.config)["Okta"]
    token = settings.text(*OKTA_ACCESS_TOKEN)
    if token:
        given = frozenset(strings(claims_of(token), "scp"))
        if given:
            yield from _rights("Okta", every, given, rights.HOW_ASKED_FOR)
        else:
            yield Answer("okta.credential", "an access token: seen by what it may read")
        return
    if settings.text(*OKTA_API_TOKEN):
        yield Answer("okta.credential", "an API token: it may do all that its administrator may")
        return
    scopes = frozenset(settings.items(*OKTA_SCOPES) or SCOPES)
    granted = {scope for scope in scopes if _gives_token(asked, scope)}
    yield from _rights("Okta", every, frozenset(granted))


def _gives_token(asked: Asked, scope: str) -> bool:
    """Whether Okta gives a token for this scope alone; it refuses a set for one that is missing."""
    settings = {**asked.settings, OKTA_SCOPES.key: scope}
    with okta_http(settings, asked.env) as http:
        try:
            http.signed_headers()
        except AnswerError as error:
            if error.code in NOT_GRANTED:
                return False
            raise
    return True


def _okta_roles(http: HttpClient, asked: Asked) -> Iterator[Answer]:
    """What the administrator roles allow; where they cannot be read, what it may read."""
    roles = rights.roles_of(asked)
    if roles is not None:
        yield from _rights("Okta", rights.ADMIN, roles, HOW_ROLE)
        return
    yield from _okta_reads(http)
    yield unknown(
        "okta.roles",
        "Okta credential",
        "which administrator roles it has cannot be read, and with one that only reads the update "
        "would fail half-way",
        rights.how_to_see_roles(asked),
    )


def _okta_reads(http: HttpClient) -> Iterator[Answer]:
    """A scope without an admin role is answered 403."""
    for path, query, right in (
        (APPS, {"limit": "1"}, "Manage applications"),
        (GROUPS, {"limit": "1"}, "Manage groups"),
        (USERS, {"limit": "1"}, "View users and their details"),
        (POLICIES, {"type": "ACCESS_POLICY"}, "Read-only Administrator"),
    ):
        id_ = f"okta.role.{path.rsplit('/', 1)[-1]}"
        try:
            http.get(path, query, lists=True)
        except AnswerError as error:
            if error.kind != "forbidden":
                yield refused(id_, error)
                continue
            yield wrong(
                id_,
                "Okta credential",
                f"the right {right} is missing",
                f"GET {path} is refused, and the update would stop there",
                HOW_ROLE,
            )


def _organisation(http: HttpClient, asked: Asked) -> Iterator[Answer]:
    """Secrets of another organisation would make everything there, without a word."""
    provider = asked.config.okta
    try:
        shown = told(http.get("/.well-known/okta-organization"))
    except AnswerError as error:
        yield refused(ORGANISATION, error)
        return
    hosts = [
        urlsplit(string(inner(shown, "_links", link), "href")).hostname or ""
        for link in ("organization", "alternate")
    ]
    names = [host.split(".")[0] for host in hosts if host]
    if provider.org_name.lower() in names:
        yield Answer(ORGANISATION, f"the organisation is {provider.org_name}")
    elif names:
        yield wrong(
            ORGANISATION,
            "identityProvider.orgName",
            f"these credentials are of {names[0]}, the config says {provider.org_name}",
            "everything would be made in the other organisation",
            "take the credentials of the organisation in the config",
        )


def _okta_switches(client: OktaClient, asked: Asked) -> Iterator[Answer]:
    """What the gate of the update will ask of the app; before the first one there is none."""
    okta = asked.config.okta
    if not (okta.by_hand and okta.confirmed and asked.application):
        return
    id_, about = "okta.switches", f"Okta app {okta.app_label}"
    try:
        features = client.app(asked.application).features
    except AnswerError as error:
        if error.kind != "not found":
            yield refused(id_, error)
        return
    off = console_problems(features, leaving=asked.leaving)
    if off:
        yield wrong(
            id_,
            about,
            ", ".join(off),
            "the update stops there: groups pushed now would not reach Cloudflare",
            "do the console steps (`cfscim steps`), or write apiIntegrationConfirmed: false",
        )
    else:
        yield Answer(id_, f"{about}: provisioning is on, as the guide has it")


def _names_in_the_way(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    """Okta's group names are unique over its own groups and the apps', in any case (P, #1794)."""
    ways = [lane.config for lane in lanes(config) if lane.config.identity_provider.kind == "okta"]
    for name in sorted({name for way in ways for name in every_group_name(way)}):
        for group, other in groups_in_the_way(http, name):
            what = f'a group is called "{other}"'
            if other == name:
                what = "an app's group has the name already"
            yield wrong(
                f"okta.name.{name}",
                f'group "{name}"',
                f"{what} ({string(group, 'id')})",
                "Okta refuses a second one, and the update ends there",
                "rename or delete it in the app that it was imported from, or set groupPrefix"
                if group.get("type") == "APP_GROUP"
                else "where it is meant, rename it and run `cfscim adopt`; else rename or delete "
                "it, or set groupPrefix",
            )


def _okta_people(client: OktaClient, config: ScimConfig) -> Iterator[Answer]:
    for address, users in client.users_by_email(people(config)).items():
        usable = [user for user in users if user.status != OFF]
        if any(user.late for user in usable):
            yield wrong(
                f"okta.person.{address}",
                address,
                "Okta has the person, and its search does not show them yet",
                "the update looks people up by that search, and would find nobody",
                "wait a minute, and run it again",
            )
            continue
        status = next((user.status for user in usable or users), "")
        yield _person(
            "Okta",
            config,
            address,
            count=len(usable) or len(users),
            blocked=state.message(address) if (state := STATES.get(status)) else None,
            state=status,
            looked_up=bool(usable),
        )


def _okta_refresh(config: ScimConfig) -> Iterator[Answer]:
    """Where the users' group has further people, the provider reads each of ours by itself."""
    if config.identity_provider.users_group.members is not None:
        return
    everyone = [(OKTA_PERSON, dict[str, Json]())] * len(people(config))
    for call in calls(everyone, ()):
        if call.heavy_refresh:
            yield unknown(
                "okta.refresh",
                "usersGroup.members is left out",
                f"a refresh asks Okta {call.refresh} times, a person at a time, where a token may "
                f"ask {call.bucket.allowed} times in {call.bucket.seconds} s",
                f"list everyone under usersGroup.members, or set {POLITE}",
            )


# -- Entra -----------------------------------------------------------------------------------


def entra(asked: Asked) -> Iterator[Answer]:
    """Rights as the access token lists them, then the tenant, licences and every person.

    Raises `MissingError` where the credentials are of another cloud.
    """
    require_cloud(asked.config.entra.cloud, asked.settings, asked.env)
    with graph_http(asked.settings, asked.env) as http:
        claims = claims_of(http.signed_headers().get("Authorization", ""))
        if claims.get("scp") and not strings(claims, "roles"):
            claims |= directory_roles(http)
        rights = [*entra_rights(asked, claims)]
        yield from rights
        if any(answer.status == "problem" for answer in rights):
            return
        yield from compared_tenant(asked, claims)
        yield from premium(http, asked.config)
        graph = GraphClient(http)
        yield from _entra_keys(graph, asked)
        yield from nested_groups(graph, asked.groups)
        yield from recycle_bin(graph, asked)
        yield from _entra_people(graph, asked.config)


def entra_rights(asked: Asked, claims: JsonObject) -> Iterator[Answer]:
    """An application's permissions, or a person's directory roles, as the token lists them."""
    granted = frozenset(strings(claims, "roles"))
    if granted or not claims.get("scp"):
        yield from _rights("Entra", needed(asked.config)["Entra"], granted)
    elif "wids" in claims:
        yield from _rights("Entra", DIRECTORY, frozenset(strings(claims, "wids")), HOW_PERSON)
    else:
        yield Answer("entra.credential", "a person's sign-in: seen by what it reads")


def compared_tenant(asked: Asked, claims: JsonObject) -> Iterator[Answer]:
    """Whether the access token is of the stack's tenant."""
    wanted = asked.settings.get(ENTRA_TENANT.key, "")
    tenant = string(claims, "tid")
    # Written as a domain, the sign-in itself has compared it.
    if GUID.fullmatch(wanted) and tenant and wanted.lower() != tenant.lower():
        yield wrong(
            "entra.tenant",
            ENTRA_TENANT.key,
            f"these credentials are of tenant {tenant}, the stack says {wanted}",
            "everything would be made in the other tenant",
            "take the credentials of the tenant in the stack file",
        )
    elif tenant:
        yield Answer("entra.tenant", f"the tenant is {tenant}")


def _entra_keys(graph: GraphClient, asked: Asked) -> Iterator[Answer]:
    """A further saved key keeps the provider waiting until its time-out."""
    if not asked.application:
        return
    id_ = "entra.savedKeys"
    try:
        further = further_keys(graph.secrets(asked.application))
    except AnswerError as error:
        if error.kind != "not found":
            yield refused(id_, error)
        return
    if further:
        yield wrong(
            id_,
            "saved credentials of the application",
            f"a further key is saved: {', '.join(described(key) for key in further)}",
            "an update that saves the credentials would wait until its time-out",
            f"remove it: {removal(graph.base, asked.application, further)}",
        )
    else:
        yield Answer(id_, "no further key is saved with the credentials")


def _entra_people(graph: GraphClient, config: ScimConfig) -> Iterator[Answer]:
    by_mail = graph.all_with("mail", people(config))
    absent = [address for address, users in by_mail.items() if not users]
    without_mail = graph.all_with("userPrincipalName", absent)
    for address, users in by_mail.items():
        if not users and without_mail[address]:
            out = _kept_out(address, *_NO_MAIL)
            yield _person("Entra", config, address, count=1, blocked=out, state="", looked_up=False)
            continue
        blocked = (
            _kept_out(address, *why) if users and (why := _blocked(users[0], address)) else None
        )
        yield _person("Entra", config, address, count=len(users), blocked=blocked, state="enabled")


def _blocked(user: Member, address: str) -> tuple[str, str] | None:
    """What keeps a person out, and what is to be done about it."""
    if user.account_enabled is False:
        return "is blocked from signing in", "end that, or take the address out"
    if user.sent_name.casefold() != address.casefold():
        return (
            f"would be sent as {user.sent_name.casefold()}, the user name",
            "make both agree, or map userName to mail",
        )
    return None


def _kept_out(address: str, what: str, instead: str) -> Message:
    return Message(Where(about=address), what, "the role would not arrive", instead)


_NO_MAIL = "has no mail in Entra, only a user principal name", "set the person's e-mail address"


def _person(
    vendor: str,
    config: ScimConfig,
    address: str,
    *,
    count: int,
    blocked: Message | None,
    state: str,
    looked_up: bool = True,
) -> Answer:
    id_, about = f"{vendor.lower()}.person.{address}", address
    if count == 0:
        return wrong(
            id_,
            about,
            f"nobody in {vendor} has this e-mail address",
            "a role would go to nobody",
            "correct the address, or create the person first",
        )
    if count > 1:
        return wrong(
            id_,
            about,
            f"{count} people in {vendor} have this e-mail address",
            "a role could go to the wrong person",
            "change the address of all but one",
        )
    if blocked:
        # Whom the program's look-up does not find, the update fails on.
        return Answer(id_, message=blocked, advice=looked_up)
    said = f"{address}: {_roles_of(config, address)}" + (f" ({state.lower()})" if state else "")
    return Answer(id_, said)


VENDORS: Mapping[str, Callable[[Asked], Iterator[Answer]]] = {
    "cloudflare": cloudflare,
    "okta": okta,
    "entra": entra,
}
