"""What Microsoft Graph answers, as far as it is used here. Source: Graph v1.0 metadata."""

from pydantic import Field

from cfscim.vendors.replies import Reply


class Schedule(Reply):
    """`Active`, `Disabled` or `Paused`, and how often (ISO 8601 duration)."""

    state: str
    interval: str | None = None


class Trouble(Reply):
    """Why a job is in quarantine, or what an execution ran into."""

    code: str | None = None
    message: str | None = None


class Quarantine(Reply):
    """Entra has slowed the job down; `reason` by Graph's names."""

    reason: str | None = None
    current_began: str | None = None
    error: Trouble | None = None


class Execution(Reply):
    """One provisioning cycle; `state` is `Succeeded`, `Failed` or `EntryLevelErrors`."""

    state: str | None = None
    time_began: str | None = None
    time_ended: str | None = None
    count_exported: int | None = None
    count_entitled: int | None = None
    count_escrowed: int | None = None
    error: Trouble | None = None


class EntryCount(Reply):
    """How many objects of a kind are in the target now."""

    key: str
    value: int = 0


class Status(Reply):
    """`code` is `NotConfigured`, `NotRun`, `Active`, `Paused` or `Quarantine`."""

    code: str
    quarantine: Quarantine | None = None
    last_execution: Execution | None = None
    last_successful_execution: Execution | None = None
    synchronized_entry_count_by_type: tuple[EntryCount, ...] | None = None


class Job(Reply):
    """A provisioning job."""

    id: str
    template_id: str | None = None
    schedule: Schedule
    status: Status

    @property
    def running(self) -> bool:
        """Whether cycles run: the portal's "Start provisioning" was pressed."""
        return self.schedule.state == "Active"


class GraphGroup(Reply):
    """A group of the directory."""

    id: str
    display_name: str | None = None
    security_enabled: bool | None = None
    created_date_time: str | None = None


class Member(Reply):
    """Somebody or something in a group; `kind` ends in `.user` for people."""

    id: str
    kind: str = Field(default="", alias="@odata.type")
    display_name: str | None = None
    mail: str | None = None
    user_principal_name: str | None = None
    account_enabled: bool | None = None

    @property
    def is_user(self) -> bool:
        """Whether it is a person; groups within groups are not provisioned."""
        return self.kind in ("", "#microsoft.graph.user")


class AppRoleAssignment(Reply):
    """A principal that is assigned to the app."""

    id: str
    app_role_id: str
    principal_id: str
    principal_type: str | None = None
    principal_display_name: str | None = None
    created_date_time: str | None = None


class ServicePrincipal(Reply):
    """The enterprise application."""

    id: str
    app_id: str
    display_name: str
    account_enabled: bool | None = None
    app_role_assignment_required: bool | None = None
    application_template_id: str | None = None
    notification_email_addresses: tuple[str, ...] = ()


class ErrorInformation(Reply):
    """Why an object was not provisioned."""

    error_code: str | None = None
    reason: str | None = None
    recommended_action: str | None = None


class StatusInfo(Reply):
    """`success`, `failure`, `skipped` or `warning`."""

    status: str
    error_information: ErrorInformation | None = None


class LoggedIdentity(Reply):
    """The object a log entry is about, in Entra or in the target."""

    id: str | None = None
    display_name: str | None = None
    identity_type: str | None = None


class ProvisioningEvent(Reply):
    """One entry of the provisioning log (provisioningObjectSummary)."""

    id: str
    activity_date_time: str
    cycle_id: str | None = None
    provisioning_action: str | None = None
    provisioning_status_info: StatusInfo
    source_identity: LoggedIdentity = LoggedIdentity()
    target_identity: LoggedIdentity = LoggedIdentity()
