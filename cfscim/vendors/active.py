"""Who of some people an identity provider would not deactivate in Cloudflare."""

from collections.abc import Callable, Iterable

from cfscim.config.messages import ScimError
from cfscim.config.okta_people import STATES
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.okta.api import OktaClient

Client = OktaClient | GraphClient


def active(clients: Iterable[Callable[[], Client]], people: frozenset[str]) -> frozenset[str]:
    """Those of `people`, in lower case, who are active with any of the identity providers; all of
    them where one does not say. Whom it does not have at all is not active."""
    there: set[str] = set()
    for client in clients if people else ():
        try:
            there |= _active(client(), sorted(people))
        except ScimError:
            return people
    return people & there


def _active(client: Client, people: list[str]) -> set[str]:
    if isinstance(client, OktaClient):
        listed = client.users_by_email(people)
        return {
            address
            for address, users in listed.items()
            if any(user.status not in STATES or not STATES[user.status].off for user in users)
        }
    by_mail = client.all_with("mail", people)
    by_name = client.all_with("userPrincipalName", people)
    return {
        address
        for address in people
        if any(user.account_enabled is not False for user in by_mail[address] + by_name[address])
    }
