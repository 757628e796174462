"""Application permissions (roles): which route needs which, and the ones the sandbox's app has.

Source (D): the permission tables of each operation on https://learn.microsoft.com/graph/api.
Seen (P, azuread #1661): neither `Application.ReadWrite.All` nor `Directory.ReadWrite.All` is a
synchronization permission, and assigning needs `AppRoleAssignment.ReadWrite.All` itself.
"""

OWNED = "Application.ReadWrite.OwnedBy"

APPLICATION_WRITE = ("Application.ReadWrite.All", "Directory.ReadWrite.All", OWNED)
APPLICATION_READ = ("Application.Read.All", "Directory.Read.All", *APPLICATION_WRITE)
GROUP_CREATE = ("Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All")
GROUP_WRITE = ("Group.ReadWrite.All", "Directory.ReadWrite.All")
GROUP_READ = (
    "Group.Read.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Directory.Read.All",
    *GROUP_WRITE,
)
MEMBER_WRITE = ("GroupMember.ReadWrite.All", *GROUP_WRITE)
USER_WRITE = ("User.ReadWrite.All", "Directory.ReadWrite.All")
USER_READ = ("User.ReadBasic.All", "User.Read.All", "Directory.Read.All", *USER_WRITE)
ANY_APPLICATION_READ = (
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
ASSIGNMENT_WRITE = ("AppRoleAssignment.ReadWrite.All",)
ASSIGNMENT_READ = (*ANY_APPLICATION_READ, *ASSIGNMENT_WRITE)
SYNC_WRITE = ("Synchronization.ReadWrite.All", OWNED)
SYNC_READ = ("Synchronization.Read.All", *SYNC_WRITE)
SYNC_ON_DEMAND = ("Synchronization.ReadWrite.All",)
LOG_READ = ("AuditLog.Read.All", "ProvisioningLog.Read.All")
AUDIT_READ = ("AuditLog.Read.All",)
DIRECTORY_READ = ("Directory.Read.All", "Directory.ReadWrite.All")
ORGANIZATION_READ = (
    "Organization.Read.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "User.Read.All",
)
OBJECT_READ = (
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
)
# By the kind that is asked for (D, directory-deleteditems-list and -restore).
DELETED_READ = {
    "application": APPLICATION_READ,
    "servicePrincipal": APPLICATION_READ,
    "group": ("Group.Read.All", "Directory.Read.All", *GROUP_WRITE),
    "user": ("User.Read.All", "Directory.Read.All", *USER_WRITE),
}
DELETED_WRITE = {
    "application": APPLICATION_WRITE,
    "servicePrincipal": APPLICATION_WRITE,
    "group": GROUP_WRITE,
    "user": ("User.DeleteRestore.All", *USER_WRITE),
}
DELETED_WRITE_ANY = tuple(sorted({role for roles in DELETED_WRITE.values() for role in roles}))

DEFAULT_ROLES = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Group.ReadWrite.All",
    "Synchronization.ReadWrite.All",
    "User.ReadWrite.All",
)

_APPLICATIONS = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Synchronization.ReadWrite.All",
)
EVERYBODY = ("b79fbf4d-3ef9-4689-8143-76b194e85509", ("Directory.Read.All",))
"""What every member of a tenant may do: the template id in the token, and the permissions (D:
default user permissions)."""
DIRECTORY_ROLES = {
    "Application Administrator": ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", _APPLICATIONS),
    "Cloud Application Administrator": ("158c047a-c907-4556-b7ef-446551a6b5f7", _APPLICATIONS),
    "Global Administrator": ("62e90394-69f5-4237-9190-012177145e10", DEFAULT_ROLES),
    "Groups Administrator": ("fdd7a751-b60b-444a-984c-02652fe8fa1c", ("Group.ReadWrite.All",)),
    "User Administrator": (
        "fe930be7-5e62-47db-91af-98c3a49a38b2",
        (*GROUP_WRITE[:1], *USER_WRITE[:1]),
    ),
}
"""Of a person who signs in: the role's template id, and the application permissions that let the
same calls through (D: Microsoft Entra built-in roles)."""

KNOWN_ROLES = frozenset(
    {
        *APPLICATION_READ,
        *GROUP_CREATE,
        *GROUP_READ,
        *MEMBER_WRITE,
        *USER_READ,
        *LOG_READ,
        *ASSIGNMENT_READ,
        *SYNC_READ,
        *ORGANIZATION_READ,
        *OBJECT_READ,
        *DELETED_WRITE_ANY,
    }
)


def granted(roles: list[str], wanted: tuple[str, ...]) -> tuple[bool, bool]:
    """Return (allowed, only for owned objects) for the roles held and the ones a route accepts."""
    matching = set(roles) & set(wanted)
    return bool(matching), matching == {OWNED}
