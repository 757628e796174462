"""What the state has and its vendor has no more. Reads only.

A provider's deletion of it fails, and of a push in Okta every refresh as well: an update whose
deletion was carried out and whose answer was lost could not be ended.
"""

from dataclasses import dataclass

from cfscim.adopt.state import Key, State
from cfscim.config.kinds import APPLICATIONS, KINDS, OURS, TOKENS
from cfscim.program.registrations import Options
from cfscim.rehearsal.handler import Resource
from cfscim.rehearsal.vendors import Vendors


@dataclass(frozen=True)
class Gone:
    """`keys`: to be taken out of the state. `doubted`: those of a vendor of which nothing is left,
    the application neither: rather another organisation's credentials. A destroy ends with groups.
    """

    keys: tuple[Key, ...] = ()
    doubted: tuple[Key, ...] = ()


def find_gone(state: State, vendors: Vendors, *, sure: bool = False) -> Gone:
    """Asks the vendors for each resource of the state. A token's end is `token-watch`'s to notice.

    `sure`: the credentials are the right ones. Raises `ScimError` where a vendor cannot be read.
    """
    gone: list[Key] = []
    serving: set[str] = set()
    for key in state.resources:
        is_gone = _is_gone(key, state, vendors)
        if is_gone:
            gone.append(key)
        elif is_gone is not None:
            serving.add(_vendor(key))
    apps = {_vendor(key) for key in gone if key[0] in APPLICATIONS}
    suspect = frozenset[str]() if sure else apps - serving
    keys = tuple(key for key in gone if _vendor(key) not in suspect)
    return Gone(keys, tuple(key for key in gone if _vendor(key) in suspect))


def _is_gone(key: Key, state: State, vendors: Vendors) -> bool | None:
    type_, kept = key[0], state.resources[key]
    if type_ not in KINDS or type_ in TOKENS or type_.startswith(OURS):
        return None
    resource = Resource(*key, kept.id, kept.inputs, kept.outputs, Options(), 0)
    return vendors.handler(type_).gone(resource)


def _vendor(key: Key) -> str:
    return key[0].split(":")[0]
