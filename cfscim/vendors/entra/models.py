"""What Microsoft Graph answers, as far as it is used here. Source: Graph v1.0 metadata."""

import json
import re

from pydantic import Field

from cfscim.config.json_types import Json
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.pages import Reply, read

_GUEST = re.compile(r"(?P<alias>.+)_(?P<domain>[^_@]+)#EXT#@.+", re.IGNORECASE)


def sent_name(user_principal_name: str | None) -> str:
    """The user name that Entra sends: a guest's own address, else the user principal name.

    Source: from `alias_domain#EXT#@tenant` Entra sends `alias@domain` (D; azure-docs #80332).
    """
    name = user_principal_name or ""
    guest = _GUEST.fullmatch(name)
    return f"{guest['alias']}@{guest['domain']}" if guest else name


class Schedule(Reply):
    """`Active`, `Disabled` or `Paused`."""

    state: str


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


class Status(Reply):
    """`code` is `NotConfigured`, `NotRun`, `Active`, `Paused` or `Quarantine`."""

    code: str
    quarantine: Quarantine | None = None
    last_execution: Execution | None = None
    last_successful_execution: Execution | None = None


class Job(Reply):
    """A provisioning job."""

    id: str
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


class Binned(Reply):
    """What is in the recycle bin; `kind` ends in `.group`, `.application`, …"""

    id: str
    kind: str = Field(default="", alias="@odata.type")
    display_name: str | None = None
    deleted_date_time: str | None = None
    app_id: str | None = None


class Member(Reply):
    """Somebody or something in a group; `kind` ends in `.user` for people."""

    id: str
    kind: str = Field(default="", alias="@odata.type")
    display_name: str | None = None
    mail: str | None = None
    user_principal_name: str | None = None
    proxy_addresses: tuple[str, ...] | None = None
    account_enabled: bool | None = None

    @property
    def sent_name(self) -> str:
        """The user name that Entra sends for this person."""
        return sent_name(self.user_principal_name)

    @property
    def proxies(self) -> tuple[str, ...]:
        """The addresses in `proxyAddresses`, without their `SMTP:`; not what Entra sends."""
        parts = (entry.partition(":") for entry in self.proxy_addresses or ())
        return tuple(address for kind, _, address in parts if kind.lower() == "smtp")

    @property
    def address(self) -> str:
        """The address by which the config knows the person: mail, else the first other one."""
        return self.mail or next(iter(self.proxies), "") or self.sent_name or self.id

    @property
    def is_user(self) -> bool:
        """Whether it is a person; groups within groups are not provisioned."""
        return self.kind in ("", "#microsoft.graph.user")

    @property
    def is_group(self) -> bool:
        """Whether it is a group within the group; there may be devices and applications too."""
        return self.kind == "#microsoft.graph.group"


class AppRoleAssignment(Reply):
    """A principal that is assigned to the app."""

    id: str
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


class ErrorInformation(Reply):
    """Why an object was not provisioned."""

    error_code: str | None = None
    reason: str | None = None


class StatusInfo(Reply):
    """`success`, `failure`, `skipped` or `warning`."""

    status: str
    error_information: ErrorInformation | None = None


class LoggedIdentity(Reply):
    """The object a log entry is about, in Entra."""

    id: str | None = None
    display_name: str | None = None
    identity_type: str | None = None


class ProvisioningEvent(Reply):
    """One entry of the provisioning log (provisioningObjectSummary)."""

    id: str
    activity_date_time: str
    provisioning_action: str | None = None
    provisioning_status_info: StatusInfo
    source_identity: LoggedIdentity = LoggedIdentity()


class AuditTarget(Reply):
    """What an entry of the audit log is about; `type` is `User`, `Group`, `ServicePrincipal` …"""

    id: str | None = None
    type: str | None = None
    user_principal_name: str | None = None

    @property
    def sent_name(self) -> str:
        """As `Member.sent_name`."""
        return sent_name(self.user_principal_name)


class AuditEvent(Reply):
    """One entry of the directory's audit log (directoryAudit)."""

    activity_display_name: str
    activity_date_time: str
    target_resources: tuple[AuditTarget, ...] = ()


class Provisioned(Reply):
    """What came of provisioning on demand; `result` is `Success`, `Failure`, `Skipped` or other."""

    result: str
    details: dict[str, str | None] = Field(default_factory=dict)
    actions: tuple[str, ...] = ()

    @property
    def taken_away(self) -> bool:
        """Whether what succeeded was to disable or delete the person."""
        return any(action.lower() in ("disable", "delete") for action in self.actions)

    @property
    def reason(self) -> str:
        """Entra's own error code and message, empty where it gave none."""
        parts = (self.details.get("errorCode"), self.details.get("errorMessage"))
        return ": ".join(str(part) for part in parts if part)


def provisioned(key: Json, value: Json, where: str) -> Provisioned:
    """Reads the JSON texts in the answer's `key` and `value`. Raises `AnswerError`."""
    parsed, entries = _parsed(key), _parsed(value)
    if not isinstance(parsed, dict):
        raise AnswerError("malformed", where, "an answer without a result")
    actions = [
        str(entry.get("provisioningAction") or "")
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
    told = {"details": parsed.get("details") or {}, "actions": [*actions]}
    return read(Provisioned, {**parsed, **told}, where)


def _parsed(text: Json) -> Json:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def bare(id_: str) -> str:
    """The id itself, from an id or from a path such as the provider's `/servicePrincipals/<id>`."""
    return id_.rstrip("/").rpartition("/")[2]
