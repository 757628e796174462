"""Texts that look like a credential, so that no message, list or problem ever repeats one."""

import re
from collections.abc import Mapping

MASK = "[secret]"
"""What stands in the place of every secret."""

_CREDENTIAL = re.compile(
    r"""
      cf[ua]t_\w{8,}                                   # Cloudflare user and account tokens
    | cfk_\w{8,}                                       # Cloudflare global keys
    | -----BEGIN\ [A-Z ]+-----                         # any PEM block
    | (?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)*  # JSON web tokens
    | \bpul-[0-9a-f]{40}\b                             # Pulumi access tokens
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                    # AWS access keys
    | \b(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-)[\w-]{10,}  # GitHub's, GitLab's, Slack's
    | [\w~.-]{3}\dQ~[\w~.-]{31,34}                     # Entra client secrets
    | (?<![\w-])00[\w-]{40}(?![\w-])                   # Okta API tokens
    | (?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40}(?![\w-])  # Cloudflare, old form
    """,
    re.VERBOSE,
)
_MARKS = (
    *("AKIA", "ASIA", "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("cfut_", "cfat_", "cfk_", "-----BEGIN", "eyJ", "pul-", "Q~"),
)
_LONG = 40


def looks_secret(text: str) -> bool:
    """Whether the text contains something in the shape of a vendor's token, key or secret."""
    # The search is slow and every text of every stack file comes by: most end at a mark's absence.
    if len(text) < _LONG and not any(mark in text for mark in _MARKS):
        return False
    return _CREDENTIAL.search(text) is not None


def is_secure(value: object) -> bool:
    """Whether a value of a stack file is one that the engine encrypted."""
    return isinstance(value, Mapping) and set(value) == {"secure"}


PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL)
_USER_INFO = re.compile(r"(?<=://)[^/?#\s]*@")


def without_credentials(text: str) -> str:
    """The text with everything in the shape of a credential masked, and what stands before the @
    of an address."""
    if "://" in text:
        text = _USER_INFO.sub(f"{MASK}@", text)
    return _CREDENTIAL.sub(MASK, PEM.sub(MASK, text)) if looks_secret(text) else text


def shown(value: object) -> str:
    """The value as a message may repeat it: quoted and short, never a credential."""
    if isinstance(value, str):
        if looks_secret(value):
            return MASK
        short = value if len(value) <= 60 else value[:57] + "..."
        return f'"{short}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return {"dict": "a mapping", "list": "a list"}.get(type(value).__name__, "a value")
