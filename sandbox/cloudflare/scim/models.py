"""The two resources, with just the attributes that Cloudflare keeps.

What is set at first provisioning and never updated afterwards is published as immutable.
"""

from typing import Annotated, Any

from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Mutability,
    Required,
    Resource,
    Uniqueness,
)
from scim2_models.urn import URN

from sandbox.server.scim import CORE_GROUP, CORE_USER


class ScimName(ComplexAttribute):
    """A person's name."""

    formatted: Annotated[str | None, Mutability.immutable] = None
    """The full name, formatted for display."""

    family_name: Annotated[str | None, Mutability.immutable] = None
    """The last name."""

    given_name: Annotated[str | None, Mutability.immutable] = None
    """The first name."""


class ScimEmail(ComplexAttribute):
    """An e-mail address; the primary one equals userName."""

    value: Annotated[str | None, Mutability.immutable, Required.true] = None
    """The address."""

    type: Annotated[str | None, Mutability.immutable] = None
    """work or home."""

    primary: Annotated[bool | None, Mutability.immutable] = None
    """Whether this is the preferred address."""


class ScimUser(Resource[Any]):
    """A member of the account; ``id`` is the user's tag, not the membership's id."""

    __schema__ = URN(CORE_USER)

    user_name: Annotated[str | None, Mutability.immutable, Required.true, Uniqueness.server] = None
    """The user's e-mail address."""

    name: Annotated[ScimName | None, Mutability.immutable] = None
    """The components of the name."""

    display_name: Annotated[str | None, Mutability.immutable] = None
    """The name for display."""

    emails: Annotated[list[ScimEmail] | None, Mutability.immutable, Required.true] = None
    """One primary work address, equal to userName."""

    active: Annotated[bool | None, Required.true] = None
    """False ends the membership in the account."""

    groups: Annotated[list[str] | None, Mutability.read_only] = None
    """The ids of the groups the user belongs to."""


class ScimMember(ComplexAttribute):
    """A member of a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The user's tag."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The user's e-mail address."""


class ScimGroup(Resource[Any]):
    """A user group, or a system group that stands for a role."""

    __schema__ = URN(CORE_GROUP)

    display_name: Annotated[str | None, Required.true] = None
    """The group's name."""

    members: list[ScimMember] | None = None
    """The members; left out of lists and for system groups."""
