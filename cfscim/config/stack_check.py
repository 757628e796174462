"""Everything wrong with one stack file: the file, the config object, and credentials beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cfscim.config.credentials import looks_secret, shown
from cfscim.config.identity_provider import OktaConfig
from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import ConfigError, Problem
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.stack_file import StackFile, read_stack_file

CREDENTIALS = frozenset(
    {
        "cloudflare:apiKey",
        "cloudflare:apiToken",
        "cloudflare:apiUserServiceKey",
        "okta:accessToken",
        "okta:apiToken",
        "okta:privateKey",
        "azuread:clientCertificate",
        "azuread:clientCertificatePassword",
        "azuread:clientSecret",
        "azuread:oidcRequestToken",
        "azuread:oidcToken",
    }
)
"""Provider settings that are credentials (the three providers' configuration pages)."""


@dataclass(frozen=True)
class CheckedStack:
    """A stack file, its config where it could be read whole, and every problem, by line."""

    file: StackFile
    config: ScimConfig | None
    problems: tuple[Problem, ...]


def check_stack_file(path: str | Path, *, now: datetime | None = None) -> CheckedStack:
    """Checks one stack file; never raises for bad content. `now` is what expiries are held to."""
    found = read_stack_file(path)
    problems = [*_credentials(found), *_project_keys(found)]
    config = None
    if CONFIG_KEY in found.lines:
        try:
            config = parse_config(
                found.config_object, stack=found.stack, now=now, written=found.written
            )
        except ConfigError as error:
            problems.extend(error.problems)
        else:
            problems.extend(_two_organisations(found, config))
    every = [*found.problems, *map(found.placed, problems)]
    return CheckedStack(found, config, tuple(sorted(every, key=lambda one: one.line or 0)))


def _credentials(found: StackFile) -> Iterator[Problem]:
    """Credentials in plain text; the value is never repeated."""
    for key, value in found.provider_config.items():
        if value and (key in CREDENTIALS or looks_secret(value)):
            yield Problem(
                path=key,
                what="a credential stands here in plain text",
                why="whoever can read the repository can use it",
                instead=f"revoke it, then run `pulumi config set --secret {key}`, or give it in "
                "the environment",
                secret=True,
            )


def _project_keys(found: StackFile) -> Iterator[Problem]:
    """Other keys of the project, which the program does not read."""
    project = CONFIG_KEY.partition(":")[0]
    if CONFIG_KEY not in found.lines:
        return
    for path in found.lines:
        if path not in ("", CONFIG_KEY) and "." not in path and "[" not in path:
            namespace, colon, key = path.partition(":")
            if namespace == project or not colon:
                yield Problem(
                    path=path,
                    what=f"{shown(path)} is read by nothing",
                    why=f"the program reads {CONFIG_KEY} alone, so the setting has no effect",
                    instead=f"move {key or namespace} into {CONFIG_KEY}, or remove it",
                )


def _two_organisations(found: StackFile, config: ScimConfig) -> Iterator[Problem]:
    """Okta's provider and the config object must mean the same organisation."""
    provider = config.identity_provider
    given = found.provider_config.get("okta:orgName")
    if isinstance(provider, OktaConfig) and given and given.lower() != provider.org_name.lower():
        yield Problem(
            path="okta:orgName",
            what=f"{shown(given)} is not identityProvider.orgName {shown(provider.org_name)}",
            why="the provider would change one organisation while every link leads to another",
            instead="write the same organisation in both places",
        )
