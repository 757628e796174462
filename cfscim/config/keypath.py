"""Key paths as problems show them: `cloudflare-scim:scim.roles.Billing.members[0]`."""

from collections.abc import Iterable

from cfscim.config.credentials import MASK, looks_secret

CONFIG_KEY = "cloudflare-scim:scim"

Step = str | int
"""One step down: a key of a mapping or an index of a list."""


def key_path(steps: Iterable[Step], root: str = CONFIG_KEY) -> str:
    """The path as one text; a key in the shape of a credential is masked."""
    text = root
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (MASK if looks_secret(step) else step)
    return text
