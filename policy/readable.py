"""Keeps secrets and unknown values apart from plain ones, before any rule sees a property.

pulumi-policy (1.21.0) hands over secrets in plain text and raises at every value that is unknown
in a preview. The rules must tell a secret from a text that only should have been one, and must
judge what is known; so both arrive as the words `plan` uses for them.
"""

from collections.abc import Mapping

from pulumi_policy import policy as sdk
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from cfscim.config.json_types import Json
from cfscim.config.policy.model import SECRET, UNKNOWN

_UNKNOWNS = frozenset(
    {
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
    }
)


def hide_secrets() -> None:
    """Makes the SDK read properties with `readable`; to be called before the pack is served."""
    sdk.deserialize_properties = readable_properties  # pyright: ignore[reportPrivateImportUsage]


def readable_properties(props: Mapping[str, Json], _proxy_secrets: bool = False) -> dict[str, Json]:
    """The properties of one resource as rules read them; the name and form are the SDK's."""
    return {key: readable(value) for key, value in props.items()}


def readable(value: Json) -> Json:
    """One value as it came over the wire -> itself, `[secret]`, or `${unknown}`."""
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return SECRET
        return {key: readable(inner) for key, inner in value.items()}
    return value
