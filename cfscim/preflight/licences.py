"""Licences, and what the plans allow: what a read can tell, and else where a person looks.

Nothing here stops an update but what a vendor itself says is not there.
"""

from collections.abc import Iterable, Iterator, Mapping

from cfscim.config.access import people
from cfscim.config.calls import Asked as Declared
from cfscim.config.calls import calls
from cfscim.config.json_types import inner, items, string
from cfscim.config.models import ScimConfig
from cfscim.config.names import account_path
from cfscim.config.okta_switches import CREATE_USERS, DEACTIVATE_USERS
from cfscim.config.roles import ACCOUNT_SETTINGS_READ
from cfscim.preflight.answers import Answer, unknown, wrong
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta.api import OktaClient
from cfscim.vendors.pages import numbered_pages, odata_pages, told

_SSO = "Manage Account > Members > Settings in Cloudflare's dashboard"
_NOT_READ = ("forbidden", "not found", "unauthorized")
_NO_FEATURE = "E0000015"
"""Okta's code where an organisation lacks what is asked for (D, Okta error codes)."""


def dashboard_sso(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    """Whether the people's domains sign in by SSO; whoever does not may have to accept an
    invitation first. Source: D, `GET /accounts/{id}/sso_connectors` (SSO Connector Read)."""
    id_, about = "cloudflare.sso", "dashboard SSO"
    domains = sorted({address.rsplit("@", 1)[-1].casefold() for address in people(config)})
    if not domains:
        return
    path = f"{account_path(config.account.id)}/sso_connectors"
    try:
        shown = items(told(http.get(path)), "result")
    except AnswerError as error:
        if error.kind not in _NOT_READ:
            raise
        yield unknown(
            id_,
            about,
            f"whether it is on for {', '.join(domains)} cannot be known (SSO Connector Read)",
            f"look under {_SSO}",
        )
        return
    on = {
        string(connector, "email_domain").casefold()
        for connector in shown
        if connector.get("enabled") is True
        and string(inner(connector, "verification"), "status") == "verified"
    }
    off = [domain for domain in domains if domain not in on]
    if not off:
        yield Answer(id_, f"dashboard SSO is on for {', '.join(domains)}")
        return
    yield unknown(
        id_,
        about,
        f"it is not on for {', '.join(off)}: who is new there may have to accept an invitation "
        "before a role counts",
        f"verify and enable the domain under {_SSO}, or expect `pending` members",
    )


def cloudflare_plan(http: HttpClient, config: ScimConfig) -> Answer:
    """How many members there are; how many there may be, no API tells."""
    path, number = f"{account_path(config.account.id)}/members", ""
    try:
        number = f"; there are {sum(1 for _ in numbered_pages(http, path, {}))} now"
    except AnswerError as error:
        if error.kind not in _NOT_READ:
            raise
        number = f"; nor how many there are ({ACCOUNT_SETTINGS_READ})"
    return unknown(
        "cloudflare.limits",
        f"plan of account {config.account.id}",
        f"how many members, User Groups and tokens it allows cannot be known{number}",
        "ask your account team before a large number of people is added",
    )


def lifecycle_management(okta: OktaClient, application: str) -> Iterator[Answer]:
    """Provisioning and Group Push need Okta's Lifecycle Management; only an app shows it.

    Source: R, features of an app whose connection is UNKNOWN are refused with "Provisioning is not
    supported.", which does not tell a licence from a switch.
    """
    id_, about = "okta.lifecycleManagement", "Okta licences"
    features = okta.find_app(application) if application else None
    if features is None:
        yield unknown(
            id_,
            about,
            "whether the organisation has Lifecycle Management and Group Push cannot be known "
            "before there is an app",
            "look in the Admin Console whether an app of the catalogue shows the tabs "
            "Provisioning and Push Groups, or ask your Okta account team",
        )
        return
    if {CREATE_USERS.name, DEACTIVATE_USERS.name} & {*features.features}:
        yield Answer(id_, "Lifecycle Management is there: the app provisions people")
    else:
        yield unknown(
            id_,
            about,
            "whether the organisation has Lifecycle Management cannot be known while the app's "
            "provisioning is off",
            "look whether the app has the tab Provisioning in the Admin Console (`cfscim steps`)",
        )
    yield _group_push(okta, application)


def _group_push(okta: OktaClient, application: str) -> Answer:
    id_ = "okta.groupPush"
    try:
        okta.push_mappings(application)
    except AnswerError as error:
        if error.code != _NO_FEATURE and error.kind not in _NOT_READ:
            raise
        return wrong(
            id_,
            "Okta Group Push",
            f"this organisation does not offer it for the app ({error.code or error.kind})",
            "no group would be pushed, and the update ends there",
            "ask your Okta account team for Lifecycle Management with Group Push",
        )
    return Answer(id_, "Group Push is there for the app")


def premium(http: HttpClient, config: ScimConfig) -> Iterator[Answer]:
    """Assigning groups needs Entra ID P1; reading licences needs a right that nothing else does."""
    id_, about = "entra.licence", "Entra licences"
    try:
        skus = [*odata_pages(http, "/v1.0/subscribedSkus", {})]
    except AnswerError:
        yield unknown(
            id_,
            about,
            "whether the tenant has Entra ID P1 cannot be known (Organization.Read.All)",
            "look in the admin center under Billing > Licenses: assigning groups needs P1",
        )
        return
    with_p1 = [
        sku
        for sku in skus
        if {string(plan, "servicePlanName") for plan in items(sku, "servicePlans")}
        & {"AAD_PREMIUM", "AAD_PREMIUM_P2"}
        and sku.get("capabilityStatus") in ("Enabled", "Warning", None)
    ]
    if not with_p1:
        yield wrong(
            id_,
            about,
            "the tenant has no Entra ID P1",
            "groups cannot be assigned to the application",
            "buy it, or assign people one by one",
        )
        return
    yield Answer(id_, "the tenant has Entra ID P1")
    seats = sum(_number(inner(sku, "prepaidUnits").get("enabled")) for sku in with_p1)
    listed = len({*people(config)})
    if seats < listed:
        yield unknown(
            "entra.seats",
            about,
            f"{seats} people may have Entra ID P1, the config names {listed}",
            "buy more under Billing > Licenses: everyone who is assigned by a group needs one",
        )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def nested_groups(graph: GraphClient, groups: Mapping[str, str]) -> Iterator[Answer]:
    """Who is in a group within a group is not provisioned (D). `groups`: ids by logical name."""
    for name, group in sorted(groups.items()):
        try:
            within = [member for member in graph.group_members(group) if member.is_group]
        except AnswerError as error:
            if error.kind != "not found":
                raise
            continue
        if within:
            yield wrong(
                f"entra.nested.{name}",
                f"group {group} ({name})",
                f"there are groups in it: {', '.join(member.id for member in within)}",
                "whoever is only in those is not provisioned",
                "put the people into it directly, and take the groups out",
            )


def rate_limits(resources: Iterable[Declared], lookups: Iterable[Declared]) -> Iterator[Answer]:
    """Whether one update stays within what the vendors allow in their time, as they publish it;
    what they allow this credential no read tells."""
    over = False
    for row in calls([*resources], [*lookups]):
        if row.share > 1:
            over = True
            most = max(row.first.all, row.unchanged, row.refresh)
            bucket = row.bucket
            yield unknown(
                f"limits.{bucket.name}",
                f"{bucket.vendor}, {bucket.name}",
                f"an update makes up to {most} calls, and {bucket.allowed} are allowed in "
                f"{bucket.seconds} s",
                "it waits in between and takes longer; run nothing else with this credential then",
                of=bucket.vendor,
            )
    if not over:
        yield Answer(
            "limits", "an update stays within the rate limits that are published", of="all"
        )
