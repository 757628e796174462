"""What a provisioning cycle did."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """Names of people (as in the app) and groups, and one line for each failure."""

    created: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    reactivated: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)
    groups_pushed: list[str] = field(default_factory=list)
    groups_unchanged: list[str] = field(default_factory=list)
    groups_deleted: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For ``POST /_sandbox/cycle``."""
        return {
            "users": {
                "created": self.created,
                "linked": self.linked,
                "reactivated": self.reactivated,
                "deactivated": self.deactivated,
            },
            "groups": {
                "pushed": self.groups_pushed,
                "unchanged": self.groups_unchanged,
                "deleted": self.groups_deleted,
            },
            "errors": self.errors,
        }
