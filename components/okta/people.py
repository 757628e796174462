"""Okta user ids by e-mail address, a few searches a run instead of one a person."""

import pulumi
import pulumi_okta as okta

from cfscim.config.okta_people import OFF, STATES
from components.people import match_people

# Okta caps the length of a search expression; forty addresses stay well below it.
_PER_SEARCH = 40


def okta_people(
    addresses: list[str], invoke: pulumi.InvokeOptions
) -> pulumi.Output[dict[str, str]]:
    """`{address: Okta user id}` for all `addresses`; deactivated users do not count.

    Ends the program (when the look-up resolves) naming every address without a user.
    """
    chunks = [addresses[i : i + _PER_SEARCH] for i in range(0, len(addresses), _PER_SEARCH)]
    answers = [
        okta.user.get_users_output(
            compound_search_operator="or",
            searches=[
                {"name": "profile.email", "comparison": "eq", "value": address} for address in chunk
            ],
            opts=invoke,
        )
        for chunk in chunks
    ]
    return pulumi.Output.all(*answers).apply(
        lambda users: _matched(addresses, [user for answer in users for user in answer.users])
    )


def _matched(
    addresses: list[str], users: list[okta.user.outputs.GetUsersUserResult]
) -> dict[str, str]:
    ids = match_people(
        addresses,
        [(user.email, user.id) for user in users if user.status != OFF],
        "Okta",
        deactivated=[user.email for user in users if user.status == OFF],
        hint=" (who was made just now is found some seconds later: run it again)",
    )
    status = {user.id: user.status for user in users}
    for address, id_ in ids.items():
        if state := STATES.get(status[id_]):
            pulumi.log.warn(str(state.message(address)))
    return ids
