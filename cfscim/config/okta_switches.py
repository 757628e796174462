"""Okta's provisioning switches: what each is called in the console and in the API, and how it has
to stand. Source: guide, "Integrate the Cloudflare API" and "Set up your SCIM users"; feature names
from Okta's Applications API.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Switch:
    """One switch.

    `feature`: its name among the features of an app; `title`: in the console; `on`: how it has to
    stand; `setting`: its name in `ProvisioningFeature`, empty where the API of features has none.
    """

    feature: str
    title: str
    on: bool
    setting: str = ""

    @property
    def status(self) -> str:
        """How the API of features writes what is wanted."""
        return "ENABLED" if self.on else "DISABLED"


SWITCHES = (
    Switch("PUSH_NEW_USERS", "Create Users", on=True, setting="create"),
    Switch("PUSH_USER_DEACTIVATION", "Deactivate Users", on=True, setting="deactivate"),
    Switch("GROUP_PUSH", "Push Groups", on=True),
    # Cloudflare refuses attribute updates, and knows no password.
    Switch("PUSH_PROFILE_UPDATES", "Update User Attributes", on=False, setting="profile"),
    Switch("PUSH_PASSWORD_UPDATES", "Sync Password", on=False, setting="password"),
)
"""Every switch that Okta shows; Import Groups and Rename app groups are in no API."""
