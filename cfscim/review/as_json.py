"""A review for programs: the contract's plan object with one more key, `review`."""

from cfscim.plan.model import as_json, grant_json
from cfscim.report.document import plain
from cfscim.review.changes import PropertyChange, ResourceChange
from cfscim.review.compare import Review, Texts
from cfscim.review.people import Held
from cfscim.review.risks import risks


def review_json(review: Review) -> dict[str, object]:
    """`as_json` of the plan, and `review`: risks, people, settings, resources, steps."""
    people = review.people
    return {
        **as_json(review.after),
        "review": {
            "against": {"base": review.label, "compared": review.before is not None,
                        "note": review.note},
            "risks": [{"kind": risk.kind, "text": plain(risk.line), "people": list(risk.people)}
                      for risk in risks(review)],
            "gained": [grant_json(grant) for grant in people.difference.gained],
            "lost": [grant_json(grant) for grant in people.difference.lost],
            "kept": [{**grant_json(grant), "groupBefore": people.group_before(grant) or grant.group}
                     for grant in people.difference.kept],
            "roles": [{"role": role.role.value, "before": _held(role.before),
                       "after": _held(role.after)} for role in people.roles],
            "usersGroup": {
                "before": _held(people.users.before), "after": _held(people.users.after),
                "joins": list(people.users.joins), "leaves": list(people.users.leaves),
                "staysUnlisted": list(people.users.stays_unlisted)},
            "settings": [{"path": one.path, "old": one.old, "new": one.new, "meaning": one.meaning}
                         for one in review.settings],
            "resources": [_resource(change) for change in review.resources],
            "remainingSteps": _texts(review.steps),
            "warnings": _texts(review.warnings),
        },
    }  # fmt: skip


def _held(held: Held) -> dict[str, object]:
    return {"managed": held.managed.value, "group": held.group, "members": list(held.members)}


def _resource(change: ResourceChange) -> dict[str, object]:
    return {
        "action": change.action.value,
        "type": change.resource.type,
        "name": change.resource.name,
        "urn": change.urn,
        "refused": change.refused,
        "retained": change.retained,
        "reasons": [{"path": why.path, "old": why.old, "new": why.new} for why in change.reasons],
        "changes": [_property(one) for one in change.changes],
    }


def _property(change: PropertyChange) -> dict[str, object]:
    return {"path": change.path, "old": change.old, "new": change.new}


def _texts(texts: Texts) -> dict[str, list[str]]:
    return {"new": list(texts.new), "same": list(texts.same), "gone": list(texts.gone)}
