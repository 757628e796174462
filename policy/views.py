"""A resource as the engine hands it to a pack -> as the rules look at it.

pulumi-policy (1.21.0) hands over secrets in plain text and raises at every value that is unknown
in a preview. The rules must tell a secret from a text that only should have been one, and must
judge what is known; so both arrive as the words `plan` uses for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pulumi_policy import PolicyResource, ResourceValidationArgs, proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from cfscim.config.credentials import MASK
from cfscim.config.json_types import Json
from cfscim.config.policy.model import UNSEEN, ResourceView
from cfscim.config.stand_ins import UNKNOWN


def view_of(resource: ResourceValidationArgs | PolicyResource) -> ResourceView:
    """The inputs as plain values; the engine tells a pack no replacement trigger."""
    inputs = _plain(resource.props)
    assert isinstance(inputs, dict)
    return ResourceView(
        type=resource.resource_type,
        name=resource.name,
        inputs=inputs,
        protect=resource.opts.protect,
        replacement_trigger=UNSEEN,
    )


def linked_view_of(resource: PolicyResource) -> ResourceView:
    """A resource of the whole stack, with the names of those that each of its inputs is made from.

    In an update the inputs are known values, and the engine still says what they were made from.
    """
    return replace(
        view_of(resource),
        fed_by={
            key: tuple(sorted({source.name for source in sources if source is not None}))
            for key, sources in (resource.property_dependencies or {}).items()
        },
    )


def _plain(value: object) -> Json:
    """Out of the SDK's wrappers, which only look like a dict or a list."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in value}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return None


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


def readable(value: Json) -> Json:
    """One value as it came over the wire -> itself, `[secret]`, or `${unknown}`."""
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return MASK
        return {key: readable(inner) for key, inner in value.items()}
    return value
