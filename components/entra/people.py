"""Entra user object ids by e-mail address, looked up side by side."""

import pulumi
import pulumi_azuread as azuread

from components.people import match_people

# The provider asks for one address after the other, a look-up at a time (users_data_source.go).
_SIDE_BY_SIDE = 6


def entra_people(
    addresses: list[str], invoke: pulumi.InvokeOptions
) -> pulumi.Output[dict[str, str]]:
    """`{address: object id}` for all `addresses`, matched on `mail`.

    Ends the program (when the look-up resolves) naming every address without a user.
    """
    parts = [part for start in range(_SIDE_BY_SIDE) if (part := addresses[start::_SIDE_BY_SIDE])]
    # Missing ones are named here, all at once; the provider would stop at the first.
    answers = [
        azuread.get_users_output(mails=part, ignore_missing=True, opts=invoke) for part in parts
    ]
    return pulumi.Output.all(*answers).apply(
        lambda answers: match_people(
            addresses,
            [(user.mail, user.object_id) for users in answers for user in users.users if user.mail],
            # People without a mailbox have no `mail`, and Entra sends nothing in its place.
            "Entra (`mail`; an address in proxyAddresses alone is not sent)",
        )
    )
