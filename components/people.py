"""Turns a sorted list of e-mail addresses into the identity provider's user ids."""

from collections.abc import Iterable

import pulumi


def match_people(
    addresses: Iterable[str], found: Iterable[tuple[str, str]], where: str
) -> dict[str, str]:
    """`{address: user id}` for every one of `addresses`.

    `found` holds (mail, id) pairs as the identity provider knows them. Addresses are compared
    without regard to case, as mail systems do. Raises `pulumi.RunError` naming every address
    that is missing or stands for more than one user.
    """
    by_mail: dict[str, set[str]] = {}
    for mail, user_id in found:
        by_mail.setdefault(mail.casefold(), set()).add(user_id)
    wanted = list(addresses)
    missing = [a for a in wanted if not by_mail.get(a.casefold())]
    double = [a for a in wanted if len(by_mail.get(a.casefold(), ())) > 1]
    if missing or double:
        problems = []
        if missing:
            problems.append(f"no user has the e-mail address {', '.join(missing)}")
        if double:
            problems.append(f"more than one user has the e-mail address {', '.join(double)}")
        raise pulumi.RunError(
            f"{where}: {'; '.join(problems)}; a role would go to nobody or to the wrong person; "
            "correct the address in `members` or create the user first"
        )
    return {a: next(iter(by_mail[a.casefold()])) for a in wanted}


def listed_people(groups: Iterable[tuple[str, ...] | None]) -> list[str]:
    """Everyone listed in any of `groups` (None: not managed here), sorted, each once."""
    return sorted({person for members in groups if members is not None for person in members})
