"""A smoke test with one person: Entra provisions the person now, and Cloudflare is asked.

Source: Microsoft Graph, synchronizationJob: provisionOnDemand; it is not to be used with the
tenant URL's ?aadOptscim062020 (Microsoft Learn, SCIM compatibility).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from cfscim.config.lanes import lanes
from cfscim.config.messages import UsageError
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.models import Member, Provisioned
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.entra_facts import restart_in_full
from cfscim.verify.links import CloudflareLinks, EntraLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Reader, Reading, Tally
from cfscim.verify.report import Question, Report, Status, Verdict, answer, fails, holds, unknown

T = TypeVar("T")
# Entra's own words for "there was nothing to change".
_NOTHING_TO_DO = "RedundantExport"
_OUT_OF_SCOPE = "NotEffectivelyEntitled"
_ENTITLE = (
    "put the person into the role's group and the users' group, see that the account is enabled "
    "and, with userFilter, that every clause holds; then run it again"
)
_DIALECT = "aadoptscim062020"


def provision(
    config: ScimConfig,
    outputs: StackOutputs,
    settings: Mapping[str, str],
    env: Mapping[str, str],
    person: str,
) -> Report:
    """Provisions `person` (an e-mail address) by Entra now, and says how it went.

    It changes what the next cycle would change for this person, and nothing else; nobody gets a
    role who is not in a role's group. While a stack moves to or from Okta, Entra's way is asked.
    Raises `UsageError` for a stack with Okta alone, `MissingError` without credentials.
    """
    ways = lanes(config)
    lane = next((way for way in ways if way.config.identity_provider.kind == "entra"), None)
    entra = lane.config.identity_provider if lane is not None else None
    if lane is None or not isinstance(entra, EntraConfig):
        raise UsageError(
            "verify --person",
            "the identity provider in force is Okta",
            "Okta provisions nobody on demand by API",
            "leave --person out",
        )
    outputs = outputs.of(lane, ways)
    links = EntraLinks.of(outputs, entra.cloud)
    with (
        GraphClient.from_settings(settings, env) as graph,
        ScimEndpoint.from_settings(
            settings,
            env,
            base_url=scim_base_url(config),
            token=outputs.token_value.get_secret_value(),
        ) as endpoint,
    ):
        reading = _ask(lambda: graph.users_by_mail([person]).get(person))
        sent = answer(
            Question(
                "entra.person",
                f"provisioning of {person} on demand",
                "provisioned",
                links.provisioning,
                partial(_provisioned, graph, entra, outputs, reading, person),
            )
        )
        # Entra skips whom it believes to be there.
        again = (restart_in_full(links), actions.RUN_AGAIN)
        advice = again if sent.status is Status.HOLDS else (actions.see(sent.id),)
        there = answer(
            Question(
                "cloudflare.person",
                f"{person} in Cloudflare",
                "active",
                CloudflareLinks.of(config).members,
                partial(_arrived, endpoint, reading, person, advice),
            )
        )
        return Report((sent, there))


def _ask(call: Callable[[], T]) -> Reading[T]:
    """The answer of one call, or why there is none."""
    with Reader(Tally()) as reader:
        reading = reader.read(call)
        reading.wait()
        return reading


def _provisioned(
    graph: GraphClient,
    entra: EntraConfig,
    outputs: StackOutputs,
    reading: Reading[Member | None],
    person: str,
) -> Verdict:
    expected = "provisioned"
    member = reading.get()
    if member is None:
        text = f"nobody has {person} as mail"
        give = Action(Act.ENTRA_USER_NAME, "correct the address, or give the person it", (person,))
        return fails(expected, text, give)
    if _DIALECT in entra.tenant_url_suffix.lower():
        text = "Entra does not provision on demand with ?aadOptscim062020"
        return unknown(expected, text, actions.wait_for("Entra"))
    app, job = outputs.service_principal_id or "", outputs.synchronization_job_id or ""
    document = _ask(lambda: graph.find_schema(app, job)).get() or {}
    rules = document.get("synchronizationRules")
    rule = rules[0] if isinstance(rules, list) and rules else None
    rule_id = str(rule.get("id")) if isinstance(rule, dict) else ""
    outcome = _ask(lambda: graph.provision_on_demand(app, job, rule_id, member.id)).get()
    return _judged(outcome, member)


def _judged(outcome: Provisioned, member: Member) -> Verdict:
    expected = "provisioned"
    entitle = Action(Act.ENTRA_ENTITLE, _ENTITLE, (member.id,))
    if outcome.result == "Success" and outcome.taken_away:
        why = "disabled in Entra" if member.account_enabled is False else "in no assigned group"
        return fails(expected, f"taken away in Cloudflare: {why}", entitle)
    if outcome.result == "Success":
        return holds(expected, f"provisioned as {member.sent_name}")
    if outcome.result == "Skipped" and _NOTHING_TO_DO in outcome.reason:
        return holds(expected, "Cloudflare has this person as Entra does")
    text = f"{outcome.result}: {outcome.reason or 'no reason given'}"
    return fails(expected, text, entitle if _OUT_OF_SCOPE in outcome.reason else actions.ENTRA_LOGS)


def _arrived(
    endpoint: ScimEndpoint, reading: Reading[Member | None], person: str, advice: tuple[Action, ...]
) -> Verdict:
    member = reading.wait()
    name = member.sent_name if member else person
    users = _ask(lambda: endpoint.users_page(user_name=name)).get().resources
    if any(user.get("active") is True for user in users):
        return holds("active", f"{name} is there, active")
    text = f"{name} is not there" + (", active" if users else "")
    return fails("active", text, *advice)
