"""What an interrupted run created without learning that it did: found again by what it is.

Only a resource whose creation the stack's own state shows as unfinished is looked for, and only
an object that is exactly what was asked for counts. Anything else of the same name is a
stranger's: it is left alone, and creating beside it succeeds or is refused as ever.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scim.leftovers_cloudflare import remove_token, token_left, user_group_left
from scim.leftovers_entra import application_left, assignment_left, group_left, job_left
from scim.leftovers_okta import okta_app_left, okta_group_left, push_left
from scim.problems import ScimError
from scim.stack_state import StackState, Unfinished

Settings = Mapping[str, str]
Finder = Callable[[Unfinished, frozenset[str], Settings, Settings], list[str]]

_TOKENS = ("cloudflare:index/accountToken:AccountToken", "cloudflare:index/apiToken:ApiToken")
_FINDERS: Mapping[str, Finder] = {
    **dict.fromkeys(_TOKENS, token_left),
    "cloudflare:index/userGroup:UserGroup": user_group_left,
    "okta:group/group:Group": okta_group_left,
    "okta:app/saml:Saml": okta_app_left,
    "okta:index/pushGroup:PushGroup": push_left,
    "azuread:index/group:Group": group_left,
    "azuread:index/applicationFromTemplate:ApplicationFromTemplate": application_left,
    "azuread:index/synchronizationJob:SynchronizationJob": job_left,
    "azuread:index/appRoleAssignment:AppRoleAssignment": assignment_left,
}


@dataclass(frozen=True)
class Leftover:
    """A remote object that an interrupted run created; `id` as the provider imports it.

    `action`: `adopt` it, or `remove` it: nobody ever learnt a lost token's value.
    """

    resource: Unfinished
    id: str
    action: Literal["adopt", "remove"]


def find_leftovers(state: StackState, config: Settings, env: Settings) -> tuple[Leftover, ...]:
    """Everything that the last run left behind; asks nobody where nothing is unfinished.

    `config` and `env` as the providers sign in. Raises `ScimError` where two objects are what
    was asked for, and `AnswerError` or `MissingError` where a vendor cannot be asked.
    """
    found: list[Leftover] = []
    for one in state.unfinished:
        finder = _FINDERS.get(one.type)
        # A held resource is adopted already; only a token can be lost beside the one held.
        if finder is None or (one.again and one.type not in _TOKENS):
            continue
        ids = finder(one, state.ids, config, env)
        if one.type in _TOKENS:
            found += [Leftover(one, token, "remove") for token in ids]
        else:
            found += [Leftover(one, only, "adopt") for only in _only(one, ids)]
    return tuple(found)


def remove(leftovers: Iterable[Leftover], config: Settings, env: Settings) -> None:
    """Deletes those that are to be removed. Raises `AnswerError` or `MissingError`."""
    for leftover in leftovers:
        if leftover.action == "remove":
            remove_token(leftover.resource, leftover.id, config, env)


def _only(one: Unfinished, ids: list[str]) -> list[str]:
    if len(ids) > 1:
        raise ScimError(
            f"{one.type} {one.name}: an update was interrupted while it created this, and "
            f"{len(ids)} objects are exactly it ({', '.join(sorted(ids)[:5])}); adopting the wrong "
            "one could give access to the wrong people; delete all but one, then run again "
            "(docs/troubleshooting.md, An update was interrupted)"
        )
    return ids
