"""What is risky about the change as a whole: refusals, switches, and what is replaced."""

from collections.abc import Iterator

from cfscim.config.kinds import APPLICATIONS, JOBS, TOKENS, kind_of, words_for
from cfscim.config.names import group_names
from cfscim.report.document import Code, Inline, Strong, codes
from cfscim.review.changes import Action, ResourceChange
from cfscim.review.compare import Review, takes_effect, tenant_words
from cfscim.review.resources_report import reasons_line
from cfscim.review.risk import MOST_NAMES, Risk
from cfscim.review.settings import provider_changes


def refused(review: Review) -> Iterator[Risk]:
    if not review.refused:
        return
    by_kind: dict[str, list[str]] = {}
    for change in review.refused:
        by_kind.setdefault(change.resource.type, []).append(change.resource.name)
    line: list[Inline] = [
        Strong("This change cannot be carried out as it stands."),
        " Pulumi refuses to delete or to replace what is protected: ",
    ]
    for index, (type_, names) in enumerate(by_kind.items()):
        kind = kind_of(type_)
        words = kind.words if len(names) == 1 else f"{len(names)} {kind.many}"
        line += ["; " if index else "", f"{words} (", *codes(sorted(names), most=5), ")"]
    yield Risk(
        "refused-protected",
        (
            *(part for part in line if part),
            ". Take back what causes it, or unprotect it on purpose first (",
            Code("pulumi state unprotect"),
            ").",
        ),
    )


def account(review: Review) -> Iterator[Risk]:
    if review.before is None or not review.account_switched:
        return
    old, new = review.before.config.account, review.after.config.account
    people = tuple(sorted({grant.person for grant in review.people.difference.kept}))
    yield Risk(
        "account-switched",
        (
            Strong("Another Cloudflare account:"),
            " ",
            Code(f"{new.name} ({new.id})"),
            " instead of ",
            Code(f"{old.name} ({old.id})"),
            ". Every role below is one in the new account; in the old one this program removes "
            "nobody.",
        ),
        people,
    )


def reached(review: Review) -> Iterator[Risk]:
    """A change of the providers' settings sends the pipeline's credentials somewhere else."""
    before = review.before.providers if review.before else {}
    changes = provider_changes(before, review.after.providers)
    if not changes:
        return
    line: list[Inline] = [Strong("Vendors are reached in another way:"), " "]
    for index, change in enumerate(changes):
        line += [
            ", " if index else "",
            Code(change.path),
            " is ",
            Code(change.new),
            " (was ",
            Code(change.old),
            ")",
        ]
    line.append(". Credentials are sent there, and everything is looked up and made there.")
    yield Risk("provider-settings", tuple(part for part in line if part))


def provider(review: Review) -> Iterator[Risk]:
    if review.before is None or not review.provider_switched:
        return
    old, new = tenant_words(review.before.config), tenant_words(review.after.config)
    yield Risk(
        "provider-switched",
        (
            Strong(f"People come from {new} instead of {old}:"),
            f" groups and application are made anew in {new}, and {old} must be stopped by hand.",
        ),
    )


def role_model(review: Review) -> Iterator[Risk]:
    """Another way in which groups give roles; the same names leave a gap (docs/user-groups.md)."""
    if review.before is None or review.account_switched or review.provider_switched:
        return
    before, after = review.before.config, review.after.config
    if before.role_model == after.role_model:
        return
    people = tuple(sorted({grant.person for grant in review.people.difference.kept}))
    old, new = group_names(before), group_names(after)
    who: list[Inline] = [*codes(people, most=MOST_NAMES)] or ["everyone in the role groups"]
    line: list[Inline] = [Strong("Roles are given in another way:"), " "]
    if any(old[role] == new[role] for role in old.keys() & new.keys()):
        line += [
            "groups keep their names, so that the old and the new ones cannot stand side by side. ",
            *who,
            " may be without a role from this update until the next provisioning cycles have ended "
            "and ",
            Code("verify"),
            " holds; docs/user-groups.md has the way without a gap.",
        ]
    else:
        line += [
            "every role comes from a new group, and ",
            *who,
            " must be in it, in Cloudflare, before the old one goes; docs/user-groups.md has the "
            "order.",
        ]
    yield Risk("role-model-switched", tuple(line), people)


def first_effect(review: Review) -> Iterator[Risk]:
    """Roles that were declared before and reach Cloudflare only now."""
    if review.before is None or takes_effect(review.before.config):
        return
    people = sorted({grant.person for grant in review.people.difference.kept})
    roles = (", and with them the roles of ", *codes(people, most=MOST_NAMES)) if people else ()
    if takes_effect(review.after.config) and not review.provider_switched:
        yield Risk(
            "takes-effect",
            (
                Strong("Declared roles take effect now:"),
                " the groups reach Cloudflare with this update",
                *roles,
                ".",
            ),
            tuple(people),
        )


def replaced(review: Review) -> Iterator[Risk]:
    for change in review.resources:
        gone = change.action in (Action.REPLACE, Action.DELETE) and not change.refused
        if gone and change.resource.type in TOKENS | APPLICATIONS | JOBS:
            yield _replacement(review, change)


def _replacement(review: Review, change: ResourceChange) -> Risk:
    type_ = change.resource.type
    made = [one.resource.type for one in review.resources if one.action is Action.CREATE]
    heir = next((one for one in made if one in TOKENS), None) if type_ in TOKENS else None
    gone = change.action is Action.DELETE and heir is None
    line: list[Inline] = [Strong("Deleted:" if gone else "Replaced:"), f" {words_for(type_)} "]
    line.append(Code(change.resource.name))
    if heir is not None:
        line.append(f", by a {words_for(heir)}")
    if change.reasons:
        line += [", because ", *reasons_line(change.reasons)]
    line.append(".")
    if type_ in TOKENS:
        return Risk("token-replaced", (*line, _new_token(review)))
    kind = "job" if type_ in JOBS else "application"
    return Risk(f"{kind}-{'deleted' if gone else 'replaced'}", tuple(line))


def _new_token(review: Review) -> str:
    provider = review.after.config.identity_provider
    if provider.kind == "okta" and provider.api_integration == "console":
        return (
            " The new token is made first and the old one is deleted at the end of the same "
            "update: from then on Okta provisions nobody until a person enters the new token."
        )
    where = tenant_words(review.after.config)
    return f" {where} gets the new token before the old one is deleted."
