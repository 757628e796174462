"""The operator's credentials for the three vendors: made once, shown in the ready line only."""

import secrets
import string
from dataclasses import asdict, dataclass

_ALPHABET = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """Random letters and digits from the operating system."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(frozen=True)
class Credentials:
    """What the ready line's environment signs in with. Secret: the three tokens."""

    cloudflare_api_token: str
    okta_api_token: str
    arm_client_secret: str
    arm_tenant_id: str = "7a1c0f6e-5a0b-4c53-9d0e-2f6f3f5d8b11"
    arm_client_id: str = "c0ffee00-1d5e-4f0a-8c3b-0a1b2c3d4e5f"

    @classmethod
    def fresh(cls) -> "Credentials":
        """New random credentials."""
        return cls("cfut_" + random_text(40), "00" + random_text(40), random_text(40))

    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        return (self.cloudflare_api_token, self.okta_api_token, self.arm_client_secret)

    def as_dict(self) -> dict[str, str]:
        """For the state directory."""
        return asdict(self)
