"""Microsoft Graph: jobs (see graph_jobs), groups, people and the enterprise application."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Self
from urllib.parse import quote

from cfscim.config.words import rfc_3339
from cfscim.vendors.entra import GROUPS, PRINCIPALS, READ_APPLICATIONS, READ_USERS, USERS
from cfscim.vendors.entra.jobs import JobCalls, quoted
from cfscim.vendors.entra.models import (
    AppRoleAssignment,
    AuditEvent,
    Binned,
    GraphGroup,
    Member,
    ServicePrincipal,
    bare,
)
from cfscim.vendors.entra.recycle_bin import binned, binned_named
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.errors import AnswerError, NotAsDeclaredError
from cfscim.vendors.http import Call
from cfscim.vendors.pages import gather

_GROUPS = "GroupMember.Read.All"
_AUDIT = "AuditLog.Read.All and Directory.Read.All"
ENABLED = "Enable account"
"""Microsoft's name of letting a disabled account in again (D, reference-audit-activities)."""
_PERSON = "id,displayName,mail,userPrincipalName,accountEnabled,proxyAddresses"
# Graph takes at most 15 values in one `in`.
_VALUES_A_CALL = 15
_LAG_DELAYS = (1.0, 2.0, 4.0)


class GraphClient(JobCalls):
    """The calls no provider covers, and what `verify` reads. Every method raises `AnswerError`."""

    @classmethod
    def from_settings(cls, config: Mapping[str, str], env: Mapping[str, str]) -> Self:
        """Signed in as the stack's provider is. Raises `MissingError` naming what to set."""
        return cls(graph_http(config, env))

    @property
    def base(self) -> str:
        """Graph's base address, without version."""
        return self._http.base

    def group(self, group_id: str) -> GraphGroup:
        """A group by its id."""
        return self._read(GraphGroup, f"{GROUPS}/{quote(bare(group_id))}", _GROUPS)

    def group_by_name(self, name: str, *, assigned_to: str = "") -> GraphGroup | None:
        """The group of exactly this name; Graph itself ignores case.

        Where several have it, the one that is assigned to the application `assigned_to`. Raises
        `NotAsDeclaredError` where that is not one: Entra lets names repeat.
        """
        exact = [group for group in self.groups_named(name) if group.display_name == name]
        if len(exact) > 1 and assigned_to:
            assigned = {each.principal_id for each in self.app_role_assignments(assigned_to)}
            ours = [group for group in exact if group.id in assigned]
            exact = ours if len(ours) == 1 else exact
        if len(exact) > 1:
            raise NotAsDeclaredError(
                f"Microsoft Graph group {name}",
                f"{len(exact)} groups have this name",
                why="it is not clear whose members get the role",
                instead="rename all but one of them, or unassign it from the application; deleting "
                "one deletes the group in Cloudflare: " + ", ".join(g.id for g in exact[:5]),
            )
        return exact[0] if exact else None

    def groups_named(self, name: str) -> tuple[GraphGroup, ...]:
        """Every group of this name in any case: Entra lets names repeat."""
        query = {
            "$filter": f"displayName eq {quoted(name)}",
            "$select": "id,displayName,securityEnabled",
        }
        return self._all(GraphGroup, GROUPS, _GROUPS, query)

    def binned(self, object_id: str) -> Binned | None:
        """What is in the recycle bin under this id; None where it is not there."""
        return binned(self._http, object_id)

    def binned_groups(self, names: Iterable[str]) -> tuple[Binned, ...]:
        """The groups of these names in the recycle bin."""
        return binned_named(self._http, "group", names)

    def binned_applications(self, name: str) -> tuple[Binned, ...]:
        """The applications of this name in the recycle bin."""
        return binned_named(self._http, "application", [name])

    def users_by_proxy(self, addresses: Sequence[str]) -> dict[str, Member]:
        """Address as given -> person who has it in `proxyAddresses` only, and no `mail`.

        People without a mailbox (azuread #280): Entra would send no e-mail address for them.
        """
        users: dict[str, Member] = {}
        for address in addresses:
            query = {
                "$filter": f"proxyAddresses/any(p:p eq {quoted('smtp:' + address)})",
                "$select": _PERSON,
            }
            for person in self._all(Member, USERS, READ_USERS, query):
                if not person.mail:
                    users[address] = person
        return users

    def group_members(self, group_id: str) -> tuple[Member, ...]:
        """Who is directly in a group; Entra provisions no deeper."""
        return self._named(f"{GROUPS}/{quote(bare(group_id))}/members")

    def addresses_in(self, name: str) -> list[str]:
        """The addresses of the people in the group of exactly this name."""
        group = self.group_by_name(name)
        members = self.group_members(group.id) if group else ()
        return [member.address for member in members if member.is_user]

    def everybody_in(self, group_id: str) -> tuple[Member, ...]:
        """Who and what is in a group directly or by a group within it, however deep."""
        return self._named(f"{GROUPS}/{quote(bare(group_id))}/transitiveMembers")

    def group_member_ids(self, group_id: str) -> set[str]:
        """The ids of those who are directly in a group."""
        path = f"{GROUPS}/{quote(bare(group_id))}/members"
        return {member.id for member in self._members(path)}

    def _named(self, path: str) -> tuple[Member, ...]:
        """Graph shows nothing but an id of whom the credentials may not read, and says no word.

        Source: learn.microsoft.com/graph/permissions-overview, limited information.
        """
        members = self._members(path)
        if any(member.kind and member.is_user and not member.sent_name for member in members):
            raise AnswerError(
                "forbidden",
                f"Microsoft Graph GET {path}",
                "people are shown without their names",
                instead=f"grant {READ_USERS} (docs/permissions.md)",
            )
        return members

    def _members(self, path: str) -> tuple[Member, ...]:
        return self._all(Member, path, _GROUPS, {"$select": _PERSON, "$top": "999"})

    def add_group_member(self, group_id: str, member_id: str) -> None:
        """Puts somebody into a group; who is in it already stays.

        A group or person made a moment ago is waited for.
        """
        call = Call(
            "POST",
            f"{GROUPS}/{quote(bare(group_id))}/members/$ref",
            body={"@odata.id": f"{self._http.base}/v1.0/directoryObjects/{quote(bare(member_id))}"},
            needs="GroupMember.ReadWrite.All",
            why="this person would not be provisioned",
            # Twice is once: the second time Graph answers that the person is in it already.
            repeatable=True,
        )
        for delay in (*_LAG_DELAYS, None):
            try:
                self._http.send(call)
                return
            except AnswerError as error:
                if error.status == 400 and "already exist" in error.says:
                    return
                if error.kind != "not found" or delay is None:
                    raise
            self._http.sleep(delay)

    def users_by_mail(self, mails: Sequence[str]) -> dict[str, Member]:
        """E-mail address as given -> person, for those who exist; case does not matter."""
        return {mail: users[-1] for mail, users in self.all_with("mail", mails).items() if users}

    def all_with(
        self, attribute: Literal["mail", "userPrincipalName"], values: Sequence[str]
    ) -> dict[str, tuple[Member, ...]]:
        """Value as given -> everybody who has it in that attribute; case does not matter."""
        parts = [
            values[start : start + _VALUES_A_CALL]
            for start in range(0, len(values), _VALUES_A_CALL)
        ]
        pages = gather([lambda part=part: self._search(attribute, part) for part in parts])
        users: dict[str, list[Member]] = {}
        for user in itertools.chain.from_iterable(pages):
            own = user.mail if attribute == "mail" else user.user_principal_name
            users.setdefault((own or "").casefold(), []).append(user)
        return {value: tuple(users.get(value.casefold(), ())) for value in values}

    def service_principal(self, service_principal: str) -> ServicePrincipal:
        """The enterprise application."""
        path = f"{PRINCIPALS}/{quote(bare(service_principal))}"
        return self._read(ServicePrincipal, path, READ_APPLICATIONS)

    def app_role_assignments(self, service_principal: str) -> tuple[AppRoleAssignment, ...]:
        """The groups and people assigned to the app."""
        path = f"{PRINCIPALS}/{quote(bare(service_principal))}/appRoleAssignedTo"
        return self._all(AppRoleAssignment, path, READ_APPLICATIONS, {"$top": "999"})

    def audit_log(self, object_id: str, since: datetime) -> tuple[AuditEvent, ...]:
        """What was done to an object, as the directory's audit log has it; minutes late.

        Source: learn.microsoft.com/graph/api/directoryaudit-list (both permissions).
        """
        return self._audit(f"targetResources/any(t:t/id eq {quoted(bare(object_id))})", since)

    def enabled_accounts(self, since: datetime) -> tuple[AuditEvent, ...]:
        """Whose account was enabled again, as `audit_log` has it."""
        return self._audit(f"activityDisplayName eq {quoted(ENABLED)}", since)

    def _audit(self, wanted: str, since: datetime) -> tuple[AuditEvent, ...]:
        path = "/v1.0/auditLogs/directoryAudits"
        moment = rfc_3339(since)
        query = {"$filter": f"activityDateTime ge {moment} and {wanted}"}
        return self._all(AuditEvent, path, _AUDIT, query)

    def _search(self, attribute: str, values: Sequence[str]) -> tuple[Member, ...]:
        query = {
            "$filter": f"{attribute} in ({','.join(map(quoted, values))})",
            "$select": _PERSON,
            "$top": "999",
        }
        return self._all(Member, USERS, READ_USERS, query)
