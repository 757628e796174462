"""A plan as a document: who gets which role, what is declared, and what is left to do."""

import json
from collections.abc import Iterable, Iterator, Sequence

from cfscim.config.access import managed_elsewhere, people
from cfscim.config.calls import POLITE
from cfscim.config.kinds import words_for
from cfscim.config.messages import one_line
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import group_name, tenant_words
from cfscim.config.warnings import lines
from cfscim.hints import anywhere, of_stack, stack_words
from cfscim.plan.model import Plan
from cfscim.program.registrations import Registration, Value
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Inline,
    Line,
    Node,
    Paragraph,
    Prose,
    Section,
    Strong,
    Table,
    Tree,
    Weight,
    codes,
    count,
)

_SLOWER: Line = (
    "A refresh asks for more than a quarter of what a token may ask in a minute: set ",
    Code(POLITE),
    ", or list everyone under ",
    Code("usersGroup.members"),
    ", which is read a page at a time.",
)


def value_text(value: Value) -> str:
    """Text as it stands, everything else as compact JSON with its keys in order."""
    if isinstance(value, str):
        return one_line(value) or '""'
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), sort_keys=True)


def plan_document(plan: Plan, policy: Sequence[Section] = ()) -> Document:
    """The whole plan of one stack; `policy`: what the policy rules say about it."""
    number = len(plan.remote_resources)
    sections = [
        *policy,
        Section("Who gets which role", tuple(_access(plan))),
        Section(f"What is declared: {count(number, 'resource')}", (_tree(plan),)),
        _calls(plan),
        *_steps(plan),
        *_warnings(plan),
    ]
    return Document(
        marker=f"cfscim-plan {plan.stack}",
        title=("Plan of stack ", Code(plan.stack)),
        intro=(Paragraph(_about(plan.config)),),
        sections=tuple(sections),
        outro=(Paragraph(_next(plan)),),
    )


def _about(config: ScimConfig) -> Line:
    provider = config.identity_provider
    account = f"{config.account.name} ({config.account.id})"
    where: Line = ("Microsoft Entra, application ", Code(getattr(provider, "app_name", "")))
    if isinstance(provider, OktaConfig):
        where = ("Okta organisation ", Code(provider.org_name), ", app ", Code(provider.app_label))
    model: Inline = (
        "Cloudflare User Groups" if config.role_model == "userGroups" else "virtual groups"
    )
    return (
        "Cloudflare account ",
        Code(account),
        "; people from ",
        *where,
        "; roles by ",
        model,
        ".",
    )


def _access(plan: Plan) -> Iterator[Block]:
    config, rows = plan.config, plan.access
    where = tenant_words(config)
    if rows:
        cells = tuple(
            ((Code(grant.person),), (grant.role.value,), (Code(grant.group),)) for grant in rows
        )
        yield Table(("Person", "Role", "Group"), cells, Weight.VITAL)
    notes: list[Line] = [
        (
            Strong(role.value),
            f": managed in {where}, in the group ",
            Code(group_name(config, role)),
            "; no plan can show who has it.",
        )
        for role in managed_elsewhere(config)
    ]
    notes += [
        (Strong(role.value), ": nobody, the group ", Code(group_name(config, role)), " is empty.")
        for role, given in config.roles.items()
        if given.members == ()
    ]
    yield Bullets((*notes, *_outside_roles(config)), Weight.VITAL)


def _outside_roles(config: ScimConfig) -> Iterator[Line]:
    """Who is a member of the account, and who is Super Administrator without SCIM."""
    users = config.identity_provider.users_group
    exact = "exactly" if users.members is not None else "among others"
    if listed := people(config):
        group = ("Members of the account, in the users' group ", Code(users.name))
        yield (*group, f": {exact} ", *codes(listed), ".")
    if config.break_glass:
        who = codes(config.break_glass)
        yield ("Super Administrators outside SCIM (break-glass): ", *who, ".")


def _tree(plan: Plan) -> Tree:
    below: dict[str | None, list[Registration]] = {}
    for resource in plan.resources:
        below.setdefault(resource.parent, []).append(resource)

    def node(resource: Registration) -> Node:
        children = tuple(node(child) for child in below.get(resource.name, ()))
        inputs = tuple(_input(key, resource) for key in sorted(resource.inputs))
        return Node(_line(resource), (*inputs, *children))

    return Tree(tuple(node(resource) for resource in below.get(None, ())))


def _line(resource: Registration) -> Line:
    options = resource.options
    marks = [
        *(["protected"] if options.protect else []),
        *(["stays when destroyed"] if options.retain_on_delete else []),
    ]
    words = words_for(resource.type) if resource.custom else "component"
    line: list[Inline] = [Strong(resource.name), f"  {words}"]
    return (*line, f" [{', '.join(marks)}]") if marks else tuple(line)


def _input(key: str, resource: Registration) -> Node:
    return Node((f"{key}: ", Code(value_text(resource.inputs[key]))))


def _calls(plan: Plan) -> Section:
    """What the update asks of the vendors, beside what they allow one token."""
    rows = tuple(
        (
            (f"{call.bucket.vendor}: {call.bucket.name}",),
            (str(call.first.all),),
            (str(call.first.writes),),
            (str(call.unchanged),),
            (str(call.refresh),),
            (f"{call.bucket.allowed:,} in {call.bucket.seconds} s",),
        )
        for call in plan.calls
    )
    head = ("Counted together", "All made", "Writes", "No change", "Refresh", "Allowed")
    blocks: list[Block] = [Table(head, rows, Weight.DETAIL)]
    if plan.heavy_refresh:
        blocks.append(Paragraph(_SLOWER))
    return Section("Calls to the vendors", tuple(blocks))


def _steps(plan: Plan) -> Iterable[Section]:
    if plan.remaining_steps:
        lines = tuple(by_hand(plan, step.text) for step in plan.remaining_steps)
        yield Section("Left to do by hand", (Bullets(lines, numbered=True),))


def by_hand(plan: Plan, text: str) -> Line:
    """What a person does, with the commands in it for the plan's stack."""
    return (Prose(of_stack(text, plan.file, plan.stack)),)


def _warnings(plan: Plan) -> Iterable[Section]:
    if plan.warnings:
        yield Section("Warnings", (Bullets(prose(lines(plan.warnings))),))


def prose(texts: Iterable[str]) -> tuple[Line, ...]:
    """A line each of finished sentences."""
    return tuple((Prose(text),) for text in texts)


def _next(plan: Plan) -> Line:
    return (
        "Next: try it on the sandbox with ",
        Code(anywhere("up", *stack_words(plan.file, plan.stack))),
        ", then run ",
        Code(of_stack("`pulumi up`", plan.file, plan.stack).strip("`")),
        ".",
    )
