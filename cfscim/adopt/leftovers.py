"""What a run created without learning that it did: found again by what it is.

Looked for is only what the stack's own state calls for: an unfinished creation, one that a failed
update did not get to the end of, and the twin of what was made within the last day. Only an
object that is exactly what was asked for counts. Anything else of the same name is a stranger's:
it is left alone, and creating beside it succeeds or is refused as ever.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cfscim.adopt.cloudflare import token_left, user_group_left
from cfscim.adopt.entra import application_left, assignment_left, group_left, job_left
from cfscim.adopt.okta import okta_app_left, okta_group_left, push_left
from cfscim.adopt.removal import remove_app, remove_token
from cfscim.adopt.stack_state import StackState, Unfinished
from cfscim.config.messages import ScimError

Settings = Mapping[str, str]
Finder = Callable[[Unfinished, frozenset[str], Settings, Settings], list[str]]
Remover = Callable[[Unfinished, str, Settings, Settings], None]

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
_REMOVERS: Mapping[str, Remover] = {
    **dict.fromkeys(_TOKENS, remove_token),
    "okta:app/saml:Saml": remove_app,
}
FINDABLE = frozenset(_FINDERS)
"""The types that are looked for."""


@dataclass(frozen=True)
class Leftover:
    """A remote object that a run created unseen; `id` as the provider imports it.

    `action`: `adopt` it, or `remove` it: a twin, or a token, whose value nobody ever learnt.
    """

    resource: Unfinished
    id: str
    action: Literal["adopt", "remove"]


def find_leftovers(state: StackState, config: Settings, env: Settings) -> tuple[Leftover, ...]:
    """Everything that the state says may have been left behind; asks nobody where it says nothing.

    `config` and `env` as the providers sign in. Raises `ScimError` where two objects are what
    was asked for, and `AnswerError` or `MissingError` where a vendor cannot be asked.
    """
    found = [
        leftover
        for one in (*state.unfinished, *state.recent)
        for leftover in left_of(one, state.ids, config, env)
    ]
    return tuple({leftover.id: leftover for leftover in found}.values())


def left_of(
    one: Unfinished, held: frozenset[str], config: Settings, env: Settings
) -> tuple[Leftover, ...]:
    """What was left behind of one resource; `held` are the ids that the stack has. Raises as
    `find_leftovers`."""
    finder = _FINDERS.get(one.type)
    # What the stack has is not adopted; only a token, or a dated twin, is looked for beside it.
    if finder is None or (one.again and one.made is None and one.type not in _TOKENS):
        return ()
    ids = finder(one, held, config, env)
    if one.again or one.type in _TOKENS:
        return tuple(Leftover(one, id_, "remove") for id_ in ids)
    return tuple(Leftover(one, only, "adopt") for only in _only(one, ids))


def remove(leftovers: Iterable[Leftover], config: Settings, env: Settings) -> None:
    """Deletes those that are to be removed. Raises `AnswerError` or `MissingError`."""
    for leftover in leftovers:
        if leftover.action == "remove":
            one = leftover.resource
            _REMOVERS[one.type](one, leftover.id, config, env)


def _only(one: Unfinished, ids: list[str]) -> list[str]:
    if len(ids) > 1:
        raise ScimError(
            f"{one.type} {one.name}",
            f"an update did not learn whether it created this, and {len(ids)} objects are exactly "
            f"it ({', '.join(sorted(ids)[:5])})",
            "adopting the wrong one could give access to the wrong people",
            "delete all but one, then run again (docs/troubleshooting.md, An update was "
            "interrupted)",
        )
    return ids
