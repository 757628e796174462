"""The two ways of a move in one report: the new way's checks go by names of their own.

What is left of the former way after the switch is said too: a User Group that SCIM manages is
deleted by SCIM alone (Cloudflare's user-groups page), so it stays, and has to be without power.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from cfscim.config.checklist import FORMER, LEAVING
from cfscim.config.kinds import NEXT
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names
from cfscim.config.okta_switches import DEACTIVATE_USERS
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.directory import named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.people import STILL_IN_VIRTUAL, Way
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Status, Verdict, fails, holds

_NOTHING = "nothing that gives a role beyond the new groups"


def of_next(questions: Iterable[Question]) -> list[Question]:
    """The questions about the new way's own things, under ids, references and resource names that
    end as its resources do."""
    given = list(questions)
    ids = {question.id for question in given}
    return [
        replace(question, id=question.id + NEXT, ask=partial(_ask, question, ids))
        for question in given
    ]


def _ask(question: Question, ids: set[str]) -> Verdict:
    try:
        verdict = question.ask()
    except Unreadable as missing:
        if isinstance(missing.error, Dependent):
            error = missing.error
            raise Unreadable(Dependent(error.why, _renamed(error.action, ids))) from None
        raise
    return replace(verdict, actions=tuple(_renamed(action, ids) for action in verdict.actions))


def _renamed(action: Action, ids: set[str]) -> Action:
    if action.kind is Act.SEE and action.about[0] in ids:
        return actions.see(action.about[0] + NEXT)
    return action


def leaving_okta(questions: Iterable[Question]) -> Iterator[Question]:
    """The questions of an Okta app that a stack leaves: Deactivate Users is cleared first, or Okta
    deactivates everybody in Cloudflare as they are unassigned (docs/moves.md, docs/leaving.md)."""
    for question in questions:
        if question.id != f"okta.features.{DEACTIVATE_USERS.name}":
            yield question
            continue
        yield replace(question, ask=partial(_on_or_off, question))
        title = f"{DEACTIVATE_USERS.title} while the stack leaves Okta"
        ask = partial(_off_for_the_leaving, question)
        yield replace(question, id=LEAVING, title=title, expected="off", ask=ask)


def _on_or_off(question: Question) -> Verdict:
    verdict = question.ask()
    return verdict if verdict.status is Status.HOLDS else holds("on, or off for the leaving", "off")


def _off_for_the_leaving(question: Question) -> Verdict:
    if question.ask().status is not Status.HOLDS:
        return holds("off")
    warning = (
        f"clear {DEACTIVATE_USERS.title} in the Okta app before the switch of a move, or before "
        "anything is removed: Okta deactivates whom it unassigns"
    )
    return holds("off before anybody is unassigned", "on still", warning=warning)


def former_questions(config: ScimConfig, new: Way) -> Iterator[Question]:
    """After the switch of a move: whether the former groups give nothing that the new groups do
    not.

    `config`: the stack's, whose own keys are still those of the former way.
    """
    if config.move is None or not config.move.switched:
        return
    yield Question(
        FORMER,
        "what is left of the former way",
        _NOTHING,
        CloudflareLinks.of(config).groups,
        partial(_former_virtual if config.role_model == "virtualGroups" else _former, config, new),
    )


def _former(config: ScimConfig, new: Way) -> Verdict:
    names = {*group_names(config).values()}
    groups = [group for group in new.view.facts.user_groups.get() if group.name in names]
    powerful = [group for group in groups if group.policies]
    if powerful:
        shown = named(f'"{group.name}"' for group in powerful)
        text = f"Members > Groups: remove the policies of {shown}, so that they give nothing"
        ids = tuple(group.id for group in powerful)
        drop = Action(Act.CLOUDFLARE_DROP_POLICY, text, ids)
        return fails(_NOTHING, f"{shown} still with policies", drop)
    if not groups:
        return holds(_NOTHING, "nothing is left")
    shown = named(f'"{group.name}"' for group in groups)
    warning = f"User Groups of the former way are left, and give nothing: {shown}"
    return holds(_NOTHING, f"{shown}, without a policy", warning=warning)


def _former_virtual(_config: ScimConfig, new: Way) -> Verdict:
    """Nobody can delete a virtual group, and who is in it has the role until it is taken out."""
    facts, full, beyond = new.view.facts, list[str](), dict[str, str]()
    own = {group.id for group in facts.user_groups.get()}
    by_person = facts.users_in.get()
    for role, reading in facts.system_groups.items():
        ids = {group.id for group in reading.get()} - own
        people = sorted(person for person, groups in by_person.items() if groups & ids)
        wanted = new.directory.members(role) if role in new.view.config.roles else ()
        names = {name for part in wanted if not part.off for name in part.names}
        full += [f"{person} ({role.value})" for person in people]
        beyond |= {f"{person} ({role.value})": person for person in people if person not in names}
    if beyond:
        shown = named(beyond)
        ask = actions.out_of_virtual(shown, dict.fromkeys(beyond.values()))
        return fails(_NOTHING, f"{shown} by a virtual group alone", ask)
    if not full:
        return holds(_NOTHING, "nobody is in a virtual group")
    warning = f"{STILL_IN_VIRTUAL}: {named(full)}"
    return holds(_NOTHING, "nothing beyond the new groups", warning=warning)
