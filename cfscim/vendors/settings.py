"""A provider's settings: the stack's config first, the environment second, as providers do it."""

import errno
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from select import select

from cfscim.config.messages import MissingError

_TRUE = {"1", "t", "true", "yes", "on"}
_FALSE = {"0", "f", "false", "no", "off"}


_LARGEST = 1_000_000
_SECONDS = 5.0


def read_credential(path: str) -> bytes:
    """The content of a file that holds a credential. Raises `OSError`, for one without end and for
    a pipe into which nobody writes as well."""
    content, end = b"", time.monotonic() + _SECONDS
    descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb", buffering=0) as file:
        while select([file], [], [], max(0.0, end - time.monotonic()))[0]:
            part = file.read(_LARGEST)
            content += part or b""
            if len(content) > _LARGEST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            if not part:
                return content
    raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


@dataclass(frozen=True)
class Settings:
    """Config keys as they stand in the stack (`okta:orgName`), and the environment."""

    config: Mapping[str, str]
    env: Mapping[str, str]

    def text(self, key: str, *names: str, default: str = "") -> str:
        """The config value, else the first environment variable set; blanks count as unset."""
        configured = self.config.get(key) if key else None
        for value in (configured, *(self.env.get(name) for name in names)):
            # Pulumi hands a bare number or boolean over as such.
            setting = str(value).strip() if value is not None else ""
            if setting:
                return setting
        return default

    def flag(self, key: str, *names: str, default: bool = False) -> bool:
        """A setting that is yes or no. Raises `MissingError` for anything else."""
        value = self.text(key, *names)
        if not value:
            return default
        if value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        raise MissingError(
            _either(key, names),
            "neither true nor false",
            "it decides how to sign in",
            "write true or false",
        )

    def whole(self, key: str, *names: str, default: int) -> int:
        """A setting that is a whole number that is not negative. Raises `MissingError`."""
        value = self.text(key, *names)
        if not value:
            return default
        if value.isascii() and value.isdigit():
            return int(value)
        raise MissingError(
            _either(key, names),
            "not a whole number",
            "it limits how often or how long a request is tried",
            f"write a number, such as {default}",
        )

    def items(self, key: str, *names: str) -> tuple[str, ...]:
        """A setting that is a list: JSON as Pulumi keeps it, or separated by commas."""
        value = self.text(key, *names)
        if value.startswith("["):
            try:
                return tuple(str(item) for item in json.loads(value))
            except ValueError:
                raise MissingError(
                    _either(key, names),
                    "a list that is not valid JSON",
                    "nothing can be read from it",
                    'write it as ["one", "two"]',
                ) from None
        return tuple(item.strip() for item in value.split(",") if item.strip())


def _either(key: str, names: tuple[str, ...]) -> str:
    return " or ".join((key, *names))
