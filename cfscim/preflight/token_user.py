"""A user's token may do no more than its user, and only a Super Administrator makes tokens and
gives roles (Cloudflare's SCIM page: a user's token ends with the policies of its user)."""

from cfscim.config.json_types import string
from cfscim.config.lanes import lanes
from cfscim.config.models import ScimConfig
from cfscim.config.roles import Role
from cfscim.preflight.answers import Answer, refused, unknown, wrong
from cfscim.vendors.cloudflare.access import holders
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.pages import told

_ID = "cloudflare.user"
NO_MEMBER = "cloudflare.user.member"
"""The id of the answer where nothing of the account is to be read."""
_ABOUT = "Cloudflare credential"


def token_user(http: HttpClient, client: CloudflareClient, config: ScimConfig) -> Answer:
    """Whether the user of the token that signs in is in charge of the stack's account."""
    account = config.account.id
    try:
        who = string(told(http.get("/user"), "result"), "email").lower()
    except AnswerError as error:
        return _unread(error, "whose token it is cannot be read")
    try:
        if who in holders(client, account, Role.SUPER_ADMINISTRATOR.value).everybody:
            return Answer(_ID, f"the token's user {who} is Super Administrator")
    except AnswerError as error:
        # What such a stack needs contains the right to read members: it is the user who may not.
        if error.kind == "forbidden" and config.token.owner == "user":
            return _refused(NO_MEMBER, f"its user {who} is no member of account {account}")
        return _unread(error, f"which role its user {who} has cannot be read")
    what = f"its user {who} is no Super Administrator of account {account}"
    if any(lane.config.role_model == "virtualGroups" for lane in lanes(config)):
        # A virtual group gives the role by its name, which no list of the account shows.
        return _look(f"{what}, unless by a virtual group")
    return _refused(_ID, what)


def _refused(id_: str, what: str) -> Answer:
    return wrong(
        id_,
        _ABOUT,
        what,
        "a user's token may do no more than its user, and the update would stop half-way",
        "take a token that a Super Administrator made, or one of the account (docs/permissions.md)",
    )


def _unread(error: AnswerError, what: str) -> Answer:
    return _look(what) if error.kind in ("forbidden", "not found") else refused(_ID, error)


def _look(what: str) -> Answer:
    instead = f"look in the dashboard that the user is {Role.SUPER_ADMINISTRATOR.value}"
    return unknown(_ID, _ABOUT, what, instead)
