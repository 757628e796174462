"""The roles of the guide and the well-known ids that look-ups are cross-checked with."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """A Cloudflare account role; the value is the name byte for byte as Cloudflare matches it.

    Source: guide, "Configure user permissions on Okta", step 3.
    """

    ADMINISTRATOR_READ_ONLY = "Administrator Read Only"
    ADMINISTRATOR = "Administrator"
    BILLING = "Billing"
    SUPER_ADMINISTRATOR = "Super Administrator - All Privileges"

    @property
    def slug(self) -> str:
        """The part of a resource's logical name that says which role it is of; never changed."""
        return self.name.lower().replace("_", "-")

    @property
    def group_description(self) -> str:
        """What the identity provider's group of this role says of itself."""
        return f"Gives the Cloudflare role {self.value}"

    def resource(self, kind: str) -> str:
        """The logical name of the role's resource; `kind`: one of `kinds.OF_A_ROLE`."""
        return f"{kind}-{self.slug}"


ROLES: tuple[Role, ...] = tuple(Role)
"""All roles in the guide's order, which every list, table and output keeps."""

SCIM_PROVISIONING = "SCIM Provisioning"
ACCOUNT_SETTINGS_READ = "Account Settings Read"
ACCOUNT_SETTINGS_WRITE = "Account Settings Write"
MEMBERSHIPS_READ = "Memberships Read"
MEMBERSHIPS_WRITE = "Memberships Write"
ACCOUNT_TOKENS_WRITE = "Account API Tokens Write"
OWN_TOKENS_WRITE = "API Tokens Write"
USER_DETAILS_READ = "User Details Read"

PERMISSION_GROUP_IDS: Mapping[str, str] = MappingProxyType(
    {
        SCIM_PROVISIONING: "d5812c023a5048b4882175a28952362d",
        ACCOUNT_SETTINGS_READ: "c1fde68c7bcc44588cbb6ddbc16d6480",
        ACCOUNT_SETTINGS_WRITE: "1af1fa2adc104452b74a9a3364202f20",
        MEMBERSHIPS_READ: "3518d0f75557482e952c6762d3e64903",
        MEMBERSHIPS_WRITE: "9201bc6f42d440968aaab0c6f17ebb1d",
    }
)
"""API token permission group name -> id, as published; looked-up ids are compared with these."""

SUPER_ADMINISTRATOR_ROLE_ID = "33666b9c79b9a5273fc7344ff42f953d"
"""Account member role id that gives Super Administrator back (Cloudflare docs, troubleshooting)."""
