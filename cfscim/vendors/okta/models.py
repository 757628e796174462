"""What Okta answers, as far as it is used here. Source: okta-management-openapi-spec 2026.06.3."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field
from pydantic.alias_generators import to_camel

from cfscim.vendors.okta.lookups import LATE
from cfscim.vendors.pages import Reply


class Hide(Reply):
    """Where the app's icon is hidden from users."""

    ios: bool = Field(default=False, alias="iOS")
    web: bool = False


class Visibility(Reply):
    """How users see the app; `auto_submit_toolbar` is "Automatically log in …" of the guide."""

    auto_submit_toolbar: bool = False
    hide: Hide = Hide()


class UserNameTemplate(Reply):
    """The application username format; `${source.email}` is the e-mail address."""

    template: str = ""
    type: str = ""


class AppCredentials(Reply):
    """Of the app's credentials only the username format."""

    user_name_template: UserNameTemplate = UserNameTemplate()


class App(Reply):
    """An app integration; `features` names what is switched on (`PUSH_NEW_USERS` and so on)."""

    id: str
    label: str
    status: str
    created: datetime | None = None
    name: str = ""
    features: tuple[str, ...] = ()
    visibility: Visibility = Visibility()
    credentials: AppCredentials = AppCredentials()


class Connection(Reply):
    """The provisioning connection. `UNKNOWN`: Okta supports none for this app."""

    status: str
    base_url: str | None = None


class Feature(Reply):
    """A provisioning feature: `USER_PROVISIONING` or `INBOUND_PROVISIONING`."""

    name: str
    status: str
    capabilities: Mapping[str, Any] = MappingProxyType({})

    def setting(self, capability: Sequence[str]) -> str:
        """`ENABLED` or `DISABLED` at the end of a way (`create`, `lifecycle_create`), or empty."""
        branch: object = self.capabilities
        for step in (*capability, "status"):
            branch = branch.get(to_camel(step)) if isinstance(branch, Mapping) else None
        return branch if isinstance(branch, str) else ""


class PushMapping(Reply):
    """A pushed group: `ACTIVE`, `ERROR` or `INACTIVE`; `error_summary` is documented, and was not
    shown by the one tenant that was recorded in ERROR."""

    id: str
    status: str
    source_group_id: str
    target_group_id: str | None = None
    error_summary: str | None = None
    created: str | None = None
    last_push: str | None = None


class GroupProfile(Reply):
    """A group's name and description."""

    name: str
    description: str | None = None


class Group(Reply):
    """A group; `type` is `OKTA_GROUP` for those made in Okta, `APP_GROUP` for imported ones."""

    id: str
    type: str = ""
    last_membership_updated: str | None = None
    profile: GroupProfile

    @property
    def name(self) -> str:
        """The group's name, byte for byte."""
        return self.profile.name

    @property
    def of_an_app(self) -> bool:
        """Whether it was not made in Okta."""
        return self.type != "OKTA_GROUP"

    @property
    def changed(self) -> datetime | None:
        """When somebody was last put in or taken out; None where Okta does not say."""
        try:
            moment = datetime.fromisoformat(self.last_membership_updated or "")
        except ValueError:
            return None
        return moment if moment.tzinfo else None


class UserProfile(Reply):
    """Who it is."""

    login: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class User(Reply):
    """A person; only an `ACTIVE`, `STAGED`, `PROVISIONED` … one is provisioned to apps. `late`: no
    search of Okta's shows the person yet."""

    id: str
    status: str
    profile: UserProfile
    late: bool = Field(default=False, alias=LATE)

    @property
    def email(self) -> str:
        """The primary address, or the login where Okta has none."""
        return self.profile.email or self.profile.login


class AppGroup(Reply):
    """The assignment of a group to the app."""

    id: str


class AppUserCredentials(Reply):
    """The name the app knows the person by."""

    user_name: str | None = None


class AppUser(Reply):
    """The assignment of a person; `scope` is `USER` (direct) or `GROUP` (through a group)."""

    id: str
    status: str
    scope: str = ""
    sync_state: str = ""
    created: str | None = None
    last_sync: str | None = None
    external_id: str | None = None
    credentials: AppUserCredentials = AppUserCredentials()

    @property
    def user_name(self) -> str:
        """The name sent to the app; the guide wants the e-mail address."""
        return self.credentials.user_name or ""


class Outcome(Reply):
    """How an event ended, and Okta's reason."""

    result: str = ""
    reason: str | None = None


class Target(Reply):
    """What an event was about."""

    id: str | None = None
    type: str | None = None
    alternate_id: str | None = None
    display_name: str | None = None


class LogEvent(Reply):
    """An event of the System Log."""

    event_type: str
    published: str
    display_message: str | None = None
    outcome: Outcome | None = None
    target: tuple[Target, ...] | None = None
