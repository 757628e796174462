"""Entra user object ids by e-mail address, one request a run."""

import pulumi
import pulumi_azuread as azuread

from components.people import match_people


def entra_people(
    addresses: list[str], invoke: pulumi.InvokeOptions | None = None
) -> pulumi.Output[dict[str, str]]:
    """`{address: object id}` for all `addresses`, matched on `mail`.

    Ends the program (when the look-up resolves) naming every address without a user.
    """
    if not addresses:
        return pulumi.Output.from_input({})
    # Missing ones are named here, all at once; the provider would stop at the first.
    answer = azuread.get_users_output(mails=addresses, ignore_missing=True, opts=invoke)
    return answer.apply(
        lambda users: match_people(
            addresses,
            [(user.mail, user.object_id) for user in users.users if user.mail],
            # People without a mailbox have no `mail`, and Entra sends nothing in its place.
            "Entra (`mail`; an address in proxyAddresses alone is not sent)",
        )
    )
