"""A resource as the engine hands it to a pack -> as the rules look at it."""

from collections.abc import Mapping, Sequence

from pulumi_policy import PolicyResource, ResourceValidationArgs

from cfscim.config.json_types import Json
from cfscim.config.policy.model import UNSEEN, ResourceView


def view_of(args: ResourceValidationArgs) -> ResourceView:
    """The inputs as plain values; the engine tells a pack no replacement trigger."""
    inputs = _plain(args.props)
    assert isinstance(inputs, dict)
    return ResourceView(
        type=args.resource_type,
        name=args.name,
        inputs=inputs,
        protect=args.opts.protect,
        replacement_trigger=UNSEEN,
    )


def linked_view_of(resource: PolicyResource) -> ResourceView:
    """A resource of the whole stack, with the names of those that each of its inputs is made from.

    In an update the inputs are known values, and the engine still says what they were made from.
    """
    inputs = _plain(resource.props)
    assert isinstance(inputs, dict)
    return ResourceView(
        type=resource.resource_type,
        name=resource.name,
        inputs=inputs,
        protect=resource.opts.protect,
        replacement_trigger=UNSEEN,
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
