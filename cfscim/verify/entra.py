"""Does Entra's provisioning run, with the declared credentials, scope and filter?

Source: guide, "Provision using Microsoft Azure Active Directory" and "…Microsoft Entra";
Microsoft Graph, synchronizationJob, synchronizationStatus, quarantine.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from cfscim.config.checklist import ENTRA_USER_NAMES
from cfscim.config.entra_keys import (
    Key,
    everybody,
    notifications,
    notifications_in_words,
    tenant_url,
)
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names, virtual_group
from cfscim.vendors.entra.job_schema import (
    SENT,
    Clause,
    ScopedGroup,
    Scopes,
    active_expression,
    active_from_soft_deleted,
    object_mapping,
    read_scopes,
    source_expression,
)
from cfscim.vendors.entra.jobs import described, further_keys, removal
from cfscim.vendors.entra.models import Execution
from cfscim.vendors.entra.recycle_bin import BIN_DAYS, restoring
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.directory import latest, named
from cfscim.verify.entra_facts import (
    LONGEST,
    PEOPLE_ERRORS,
    EntraDirectory,
    EntraFacts,
    restart_command,
)
from cfscim.verify.links import EntraLinks
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Verdict, fails, holds, not_yet, same, unknown

ACTIVE_SOURCE = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
_SENT = named(f"{target} from {source}" for _, target, source in SENT)
_UP = actions.REFRESH


def job_questions(
    config: ScimConfig,
    facts: EntraFacts,
    directory: EntraDirectory,
    links: EntraLinks,
) -> Iterator[Question]:
    """The application, its job, credentials, scope, filter and mapping."""
    entra = config.entra
    clauses = [
        f"{clause.attribute} {clause.operator} {clause.value}".strip()
        for clause in entra.user_filter
    ]
    in_scope, told = _IN_SCOPE[everybody(entra)], notifications_in_words(notifications(entra))
    every: tuple[tuple[str, str, str, Callable[[], Verdict]], ...] = (
        ("job.exists", "provisioning job", "exists", partial(_exists, facts)),
        ("job.state", "provisioning", _state(entra), partial(_running, entra, facts)),
        ("job.quarantine", "quarantine", "none", partial(_quarantine, facts, links)),
        ("job.lastCycle", "last cycle", "Succeeded", partial(_last, entra, facts, directory)),
        (
            "credentials",
            "Test Connection, saved credentials",
            "passes",
            partial(_test, facts, tenant_url(config)),
        ),
        (
            "tenantUrl",
            "tenant URL",
            tenant_url(config),
            partial(_secret, facts, Key.TENANT_URL, tenant_url(config)),
        ),
        ("token", "secret token", "saved", partial(_token, facts)),
        ("savedKeys", "further saved settings", "none", partial(_saved_keys, facts, links)),
        ("scope", "provisioning scope", in_scope, partial(_scope, facts, in_scope)),
        (
            "notifications",
            "failure mail and deletion threshold",
            told,
            partial(_notifications, facts, told),
        ),
        (
            "filter.groups",
            "scoping filter on groups",
            "exactly the role groups",
            partial(_group_filter, config, facts),
        ),
        (
            "filter.users",
            "scoping filter on users",
            named(clauses) or "none",
            partial(_user_filter, config, facts),
        ),
        ("mapping.enabled", "group and user mappings", "enabled", partial(_enabled, facts)),
        (
            "mapping.active",
            "active is mapped from IsSoftDeleted",
            ACTIVE_SOURCE,
            partial(_active, facts),
        ),
        (
            "mapping.sent",
            "names, addresses and members are mapped from their own attributes",
            _SENT,
            partial(_sent, facts),
        ),
    )
    yield Question(
        "entra.app",
        "enterprise application",
        f"{entra.app_name}, enabled",
        links.app,
        partial(_app, entra, facts, links),
    )
    for id_, title, expected, ask in every:
        yield Question(f"entra.{id_}", title, expected, links.provisioning, ask)


def people_questions(
    facts: EntraFacts, directory: EntraDirectory, links: EntraLinks
) -> Iterator[Question]:
    """The people in scope: their names, and who failed in the last cycle."""
    yield Question(
        ENTRA_USER_NAMES,
        "every person's user principal name is the mail address",
        "equal",
        links.people,
        partial(_names, directory),
    )
    for id_, what in ((PEOPLE_ERRORS, "person"), ("entra.groups.errors", "group")):
        title = f"provisioning errors of the last cycle by {what}"
        ask = partial(_errors, facts, directory, groups=what == "group")
        yield Question(id_, title, "none", links.provisioning, ask)


def _app(entra: EntraConfig, facts: EntraFacts, links: EntraLinks) -> Verdict:
    expected = f"{entra.app_name}, enabled"
    try:
        app = facts.app.get()
    except Unreadable as error:
        if error.kind != "not found":
            raise
        return _gone(expected, facts, links)
    actual = f"{app.display_name}, {'disabled' if app.account_enabled is False else 'enabled'}"
    # The provider knows the name of the application, and not that of its service principal.
    text = (
        f"Properties: write {entra.app_name} as Name, set Enabled for users to sign-in to Yes, "
        "then Save"
    )
    return same(expected, actual, Action(Act.ENTRA_APP, text, (entra.app_name,)))


def _gone(expected: str, facts: EntraFacts, links: EntraLinks) -> Verdict:
    """Made anew, it would be another application, with everybody delivered once more."""
    ids = tuple(item.id for item in facts.in_bin(*facts.application_ids))
    if links.service_principal_id not in ids:
        return fails(expected, "there is no such application", _UP)
    text = (
        f"restore it: {restoring(links.graph, ids)}; its provisioning is back some 40 minutes "
        f"later, and {BIN_DAYS} days after its deletion it is gone"
    )
    actual = f"{links.service_principal_id} is in the recycle bin"
    return fails(expected, actual, Action(Act.ENTRA_RESTORE, text, ids))


def _exists(facts: EntraFacts) -> Verdict:
    if facts.app.gone:
        raise Unreadable(Dependent("there is no such application", "entra.app"))
    return holds("exists") if facts.job.get() else fails("exists", "there is no such job", _UP)


def _state(entra: EntraConfig) -> str:
    return "started" if entra.start else "not started"


def _running(entra: EntraConfig, facts: EntraFacts) -> Verdict:
    job = facts.existing_job()
    if job.running == entra.start:
        return holds(_state(entra))
    action = Action(Act.ENTRA_START, "Start provisioning")
    if not entra.start:
        action = Action(Act.ENTRA_STOP, "Stop provisioning, or write start: true")
    return fails(_state(entra), f"schedule {job.schedule.state}", action)


# Graph, quarantineReason and synchronizationJobRestartCriteria (D): what ends each one. After
# too many failures (the Escrow thresholds) with the watermark too: what is in escrow is forgotten,
# and would not be tried again without it.
_AFTER_QUARANTINE = {
    "EncounteredQuarantineException": ("put right what it says", "QuarantineState"),
    "TooManyDeletes": (
        "decide whether these people and groups are to go, and if so",
        "ForceDeletes",
    ),
}


def _quarantine(facts: EntraFacts, links: EntraLinks) -> Verdict:
    status = facts.existing_job().status
    quarantine = status.quarantine
    if quarantine is None and status.code != "Quarantine":
        return holds("none")
    reason = quarantine.reason if quarantine and quarantine.reason else ""
    first, scope = _AFTER_QUARANTINE.get(
        reason, ("put right what the logs name", "Watermark, Escrows, QuarantineState")
    )
    restart = Action(
        Act.ENTRA_RESTART,
        f"{first}, then {restart_command(links, scope)}",
        (links.service_principal_id, links.job_id, scope),
    )
    why = quarantine.error if quarantine else None
    parts = [reason, why and why.code, why and why.message]
    shown = ", ".join(part for part in parts if part) or "in quarantine"
    began = quarantine.current_began if quarantine else None
    since = f", since {began}" if began else ""
    return fails("none", shown + since, restart)


def _last(entra: EntraConfig, facts: EntraFacts, directory: EntraDirectory) -> Verdict:
    last = facts.existing_job().status.last_execution
    anew = (actions.ENTRA_LOGS, *directory.again((), None)[0], actions.wait_for("Entra"))
    if last is None or not last.state:
        if not entra.start:
            return unknown("Succeeded", "no cycle yet; start: false", *actions.START)
        if by := directory.delivery(None).due(directory.now):
            return not_yet("Succeeded", "no cycle yet", by, actions.wait_for("Entra"))
        return fails("Succeeded", "no cycle, although one is due", *anew)
    # Errors of single people are entra.people.errors' own.
    if last.state in ("Succeeded", "EntryLevelErrors"):
        return holds("Succeeded", _counts(last))
    why = last.error
    parts = [last.state, why and why.code, why and why.message]
    mended = directory.mended()
    began = latest([last.time_began])
    if mended and began and began < mended and directory.now < mended + LONGEST:
        actual = f"{last.state} at {last.time_began}, and changed since"
        return not_yet("Succeeded", actual, mended + LONGEST, actions.wait_for("Entra"))
    return fails("Succeeded", ": ".join(part for part in parts if part), *anew)


def _counts(last: Execution) -> str:
    return (
        f"{last.state} at {last.time_ended or last.time_began}: {last.count_entitled or 0} in "
        f"scope, {last.count_exported or 0} written, {last.count_escrowed or 0} failed"
    )


def _test(facts: EntraFacts, url: str) -> Verdict:
    facts.existing_job()
    try:
        facts.test.get()
    except Unreadable as error:
        # Only the refused test itself speaks of tenant URL and token.
        if error.kind != "rejected":
            raise
        return fails("passes", error.what, _retest(facts.secrets.wait() or {}, url))
    return holds("passes")


def _retest(saved: Mapping[str, str], url: str) -> Action:
    """Graph hides the token, so a refresh sees none that is wrong (C: azuread,
    flattenSynchronizationSecretKeyStringValuePair): only another one is written anew."""
    if not saved.get(Key.TOKEN):
        return actions.see("entra.token")
    if saved.get(Key.TENANT_URL) not in ("*", url):
        return actions.see("entra.tenantUrl")
    return actions.ROTATE


def _secret(facts: EntraFacts, key: str, expected: str) -> Verdict:
    shown = facts.secrets.get().get(key)
    if shown == "*":
        return unknown(expected, "Entra does not show it", actions.look())
    return same(expected, shown or "", _UP)


def _token(facts: EntraFacts) -> Verdict:
    if facts.secrets.get().get(Key.TOKEN):
        return holds("saved")
    return fails("saved", "none is saved", _UP)


def _saved_keys(facts: EntraFacts, links: EntraLinks) -> Verdict:
    further = further_keys(facts.secrets.get())
    if not further:
        return holds("none")
    command = removal(links.graph, links.service_principal_id, further)
    text = f"remove it, or the next update waits for its time-out: {command}"
    shown = named(described(key) for key in further)
    return fails("none", shown, Action(Act.ENTRA_REMOVE_KEY, text, tuple(further)))


_IN_SCOPE = {"true": "all users and groups", "false": "assigned users and groups only"}


def _scope(facts: EntraFacts, expected: str) -> Verdict:
    saved = facts.secrets.get().get(Key.EVERYBODY) or ""
    if saved == "*":
        return unknown(expected, "Entra does not show it", actions.look())
    return same(expected, _IN_SCOPE.get(saved.lower(), _IN_SCOPE["false"]), _UP)


def _notifications(facts: EntraFacts, expected: str) -> Verdict:
    text = facts.secrets.get().get(Key.NOTIFICATIONS)
    if text == "*":
        return unknown(expected, "Entra does not show it", actions.look())
    return same(expected, notifications_in_words(text), _UP)


def _wanted_groups(config: ScimConfig, facts: EntraFacts) -> tuple[ScopedGroup, ...]:
    names = group_names(config)
    wanted = {id_: names[role] for role, id_ in facts.group_ids.items()} | {**facts.beside}
    return tuple(ScopedGroup(id_, name) for id_, name in wanted.items())


def _group_filter(config: ScimConfig, facts: EntraFacts) -> Verdict:
    wanted = _wanted_groups(config, facts)
    expected = "exactly " + named(f'"{group.name}"' for group in wanted) + ", by object id"
    scopes = read_scopes(facts.document())
    if Scopes(scopes.group, None) == Scopes.of(wanted, ()):
        return holds(expected)
    groups = scopes.groups()
    if groups is None:
        shown = "no filter" if not any(Scopes(scopes.group, None).normal_form()[0]) else "another"
        return fails(expected, shown, _UP)
    parts = [f'without "{group.name}"' for group in wanted if group not in groups]
    parts += [
        f'also "{group.name}" ({group.id or "by name alone"})'
        for group in groups
        if group not in wanted
    ]
    return fails(expected, named(parts) or "each more than once", _UP)


def _user_filter(config: ScimConfig, facts: EntraFacts) -> Verdict:
    clauses = [
        Clause(clause.attribute, clause.operator, clause.value)
        for clause in config.entra.user_filter
    ]
    wanted = Scopes.of(_wanted_groups(config, facts), clauses)
    scopes = read_scopes(facts.document())
    expected = named(wanted.user_clauses()) or "none"
    if Scopes(None, scopes.user) == Scopes(None, wanted.user):
        return holds(expected)
    shown = named(scopes.user_clauses()) or "none"
    if clauses:
        return fails(expected, shown, _UP)
    # Without userFilter the program leaves the User mapping as it finds it.
    text = "Mappings > Users > Source Object Scope: delete the filter, then Save (or declare it)"
    return fails(expected, shown, Action(Act.ENTRA_CLEAR_USER_FILTER, text))


def _enabled(facts: EntraFacts) -> Verdict:
    document = facts.document()
    sources = ("User", "Group")
    off = [
        f"{name} mapping" for name in sources if not object_mapping(document, name).get("enabled")
    ]
    flow_types = ("Add", "Update", "Delete")
    for origin in sources:
        flows = str(object_mapping(document, origin).get("flowTypes") or "")
        lacking = [flow for flow in flow_types if flow.lower() not in flows.lower()]
        off += [f"{flow} of {origin} objects" for flow in lacking]
    if not off:
        return holds("enabled")
    text = "Mappings: enable it, with Create, Update and Delete, then Save"
    return fails("enabled", f"off: {named(off)}", Action(Act.ENTRA_ENABLE_MAPPING, text))


def _active(facts: EntraFacts) -> Verdict:
    document = facts.document()
    if active_from_soft_deleted(document):
        return holds(ACTIVE_SOURCE)
    expression = active_expression(document) or "no expression"
    text = f"Mappings > Users > active: write {ACTIVE_SOURCE}, then Save"
    return fails(ACTIVE_SOURCE, expression, Action(Act.ENTRA_MAP_ACTIVE, text))


def _sent(facts: EntraFacts) -> Verdict:
    """Another source would give roles to others, and a missing one would take them from nobody."""
    document, parts, advice = facts.document(), [], []
    for kind, target, source in SENT:
        expression = source_expression(document, kind, target)
        if f"[{source}]" in expression:
            continue
        parts.append(f"{target} of {kind} objects from {expression or 'nothing'}")
        text = f"Mappings > {kind}s > {target}: source attribute {source}, then Save"
        advice.append(Action(Act.ENTRA_MAP, text, (kind, target, source)))
    return fails(_SENT, named(parts), *advice) if parts else holds(_SENT)


def _names(directory: EntraDirectory) -> Verdict:
    unequal = [
        user
        for user in directory.in_scope()
        if user.account_enabled is not False and user.mail != user.sent_name
    ]
    wrong = sorted(
        f"{user.mail or f'{user.address}, without mail,'} has user principal name "
        f"{user.sent_name or 'none'}"
        for user in unequal
    )
    if not wrong:
        return holds("equal, letter for letter")
    text = (
        "make both equal, letter for letter; Cloudflare compares them with case, and who has no "
        "mail needs one: proxyAddresses are not sent"
    )
    about = tuple(sorted(user.address for user in unequal))
    return fails("equal, letter for letter", named(wrong), Action(Act.ENTRA_USER_NAME, text, about))


def _errors(facts: EntraFacts, directory: EntraDirectory, *, groups: bool) -> Verdict:
    if facts.existing_job().status.last_execution is None:
        return unknown("none", "no cycle yet", actions.wait_for("Entra"))
    every = directory.errors(groups=groups)
    # Cloudflare refuses every change of a virtual group but that of its members, and its deletion
    # once a move has left it; the members are compared by a check of their own.
    virtual = virtual_group(directory.config.account.id, "")
    errors = [error for error in every if not (groups and error.startswith(virtual))]
    if not every:
        return holds("none")
    if not errors:
        return holds("none that matters", f"only members of virtual groups change: {every[0]}")
    again = directory.again((), None)[0]
    return fails("none", named(errors), actions.ENTRA_LOGS, *again, actions.wait_for("Entra"))
