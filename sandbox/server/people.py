"""The persons who exist in both identity providers from the start."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody in a directory; ``user_principal_name`` differs from ``email`` only to test that."""

    email: str
    first_name: str
    last_name: str
    user_principal_name: str

    @classmethod
    def of(cls, email: str, first_name: str = "", last_name: str = "", upn: str = "") -> "Person":
        """Build a person, with names made from the address where none are given."""
        local = email.partition("@")[0]
        return cls(email, first_name or local.capitalize(), last_name or "Example", upn or email)


SEED_PEOPLE: tuple[Person, ...] = (
    Person.of("ada@example.com", "Ada", "Lovelace"),
    Person.of("grace@example.com", "Grace", "Hopper"),
    Person.of("alan@example.com", "Alan", "Turing"),
    Person.of("katherine@example.com", "Katherine", "Johnson"),
    Person.of("edsger@example.com", "Edsger", "Dijkstra"),
)
