"""What an approver must not overlook: its kind, in words, and whom it is about."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cfscim.report.document import Line


class Kind(StrEnum):
    """What a risk is, in a short name for programs."""

    PROGRAM_CHANGED = "program-changed"
    UPDATE_BEGUN = "update-begun"
    SUPER_ADMINISTRATOR_GAINED = "super-administrator-gained"
    SUPER_ADMINISTRATORS_FEW = "super-administrators-few"
    SUPER_ADMINISTRATOR_UNSEEN = "super-administrator-unseen"
    ROLE_UNSEEN = "role-unseen"
    REFUSED_PROTECTED = "refused-protected"
    PROVIDER_SETTINGS = "provider-settings"
    SECRETS_KEY = "secrets-key"
    ACCOUNT_SWITCHED = "account-switched"
    ACCOUNT_RENAMED = "account-renamed"
    PROVIDER_SWITCHED = "provider-switched"
    ROLE_MODEL_SWITCHED = "role-model-switched"
    TAKES_EFFECT = "takes-effect"
    ROLE_GAINED = "role-gained"
    ROLE_LOST = "role-lost"
    ROLE_DROPPED = "role-dropped"
    LEAVES_ACCOUNT = "leaves-account"
    JOINS_ACCOUNT = "joins-account"
    MEMBERS_UNSEEN = "members-unseen"
    JOINS_NEXT_WAY = "joins-next-way"
    PERSON_RESPELLED = "person-respelled"
    UNSEEN_REMOVALS = "unseen-removals"
    TOKEN_REPLACED = "token-replaced"  # noqa: S105 - a name
    APPLICATION_REPLACED = "application-replaced"
    APPLICATION_DELETED = "application-deleted"
    JOB_REPLACED = "job-replaced"
    JOB_DELETED = "job-deleted"
    MOVE = "move"
    NO_LONGER_PRODUCTION = "no-longer-production"
    PROVISIONING_STOPPED = "provisioning-stopped"
    SCOPE_CHANGED = "scope-changed"
    FILTER_CHANGED = "filter-changed"
    TOKEN_GOES_ELSEWHERE = "token-goes-elsewhere"  # noqa: S105 - a name
    DELETION_BRAKE_TIGHTENED = "deletion-brake-tightened"
    DELETION_BRAKE_LOOSENED = "deletion-brake-loosened"
    PREVIOUS_TOKEN_KEPT = "previous-token-kept"  # noqa: S105 - a name
    TOKEN_OWNER = "token-owner"  # noqa: S105 - a name
    TOKEN_FROM_EVERYWHERE = "token-from-everywhere"  # noqa: S105 - a name
    TOKEN_NETWORKS = "token-networks"  # noqa: S105 - a name
    PREVIOUS_TOKEN_ENDS = "previous-token-ends"  # noqa: S105 - a name
    TOKEN_LIVES_LONGER = "token-lives-longer"  # noqa: S105 - a name
    TOKEN_ENDS_SOONER = "token-ends-sooner"  # noqa: S105 - a name
    PUSHES_REMOVED = "pushes-removed"
    ALARMS = "alarms"
    GROUPS_RENAMED = "groups-renamed"
    BREAK_GLASS_REMOVED = "break-glass-removed"
    BREAK_GLASS_ADDED = "break-glass-added"
    PROTECTION_ENDS = "protection-ends"
    WAIVER = "waiver"
    SETTING = "setting"


@dataclass(frozen=True)
class Risk:
    """`line`: what happens and why it matters. `rank`: 0 is what should be read before everything
    else. `brief`: the line in fewer words, where all of it stands elsewhere; none where it is
    short.
    """

    kind: Kind
    line: Line
    people: tuple[str, ...] = ()
    rank: int = 0
    brief: Line = ()


Risks = Iterator[Risk]
