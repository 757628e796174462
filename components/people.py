"""Turns a sorted list of e-mail addresses into the identity provider's user ids."""

from collections.abc import Iterable

import pulumi

from cfscim.config.okta_people import OFF, STATES
from components.refusal import refusal

NOBODY = "no user has the e-mail address", "correct it, or make the person first"
DOUBLE = "more than one user has the e-mail address", "change the address of all but one"


def match_people(
    addresses: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    where: str,
    *,
    deactivated: Iterable[str] = (),
    hint: str = "",
) -> dict[str, str]:
    """`{address: user id}` for each of `addresses`.

    `pairs` holds (mail, id) pairs as the identity provider knows them. Addresses are compared
    without regard to case, as mail systems do; `deactivated` ones are nobody's, and `hint` says
    what else a missing address can mean. Ends the program naming every address that is
    missing, deactivated or stands for more than one user, each kind with its own way out.
    """
    by_mail: dict[str, set[str]] = {}
    for mail, user_id in pairs:
        by_mail.setdefault(mail.casefold(), set()).add(user_id)
    wanted, off = list(addresses), {mail.casefold() for mail in deactivated}
    missing = [a for a in wanted if not by_mail.get(a.casefold())]
    problems = [
        f"{what} {', '.join(those)}: {instead}"
        for (what, instead), those in (
            ((NOBODY[0], NOBODY[1] + hint), [a for a in missing if a.casefold() not in off]),
            (
                ("deactivated:", STATES[OFF].instead),
                [a for a in missing if a.casefold() in off],
            ),
            (DOUBLE, [a for a in wanted if len(by_mail.get(a.casefold(), ())) > 1]),
        )
        if those
    ]
    if problems:
        raise refusal(
            f"{where}: {'; '.join(problems)}; a role would go to nobody or to the wrong person"
        )
    return {a: next(iter(by_mail[a.casefold()])) for a in wanted}


def ids_of(
    addresses: Iterable[str] | None, people: pulumi.Output[dict[str, str]]
) -> pulumi.Output[list[str]] | None:
    """The user ids of `addresses`, sorted, each once; None for None: not managed here."""
    if addresses is None:
        return None
    listed = tuple(addresses)
    return people.apply(lambda ids: sorted({ids[address] for address in listed}))
