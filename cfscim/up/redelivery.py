"""Cloudflare lacks what the identity provider believes it delivered: everything once more.

A target that answers "done" and does nothing is never asked again by an ordinary cycle, which
sends only what changed. A person would make the identity provider deliver everything again:

* Okta: **Push now** on the app's Push Groups tab; who is no member at all is unassigned and
  assigned again. Force Sync sends nothing that did not change since the last success.
  https://support.okta.com/help/s/article/matching-user-not-found-provisioning-error-to-downstream-applications
  https://support.okta.com/help/s/article/How-To-Use-The-Force-Sync-Option
* Entra: the job restarted through Graph with `resetScope` Full; **Restart provisioning** in the
  admin center keeps the links, and with them the belief.
  https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart
  https://learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works
"""

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.up.role_table import role_rows
from cfscim.up.sandbox_process import SandboxProcess
from cfscim.verify.directory import named

State = Mapping[str, dict[str, object]]
_Objects = list[dict[str, object]]

_AGAIN = {
    "okta": "pushing everything again, as Push now and a new assignment do in its console",
    "entra": "restarting its job with resetScope Full, as Microsoft Graph offers it",
}


def redeliver(
    config: ScimConfig,
    report: Mapping[str, object],
    sandbox: SandboxProcess,
    progress: Callable[[str], None],
) -> None:
    """After a cycle: asks for one full cycle where something declared did not arrive.

    `report` is what `POST /_sandbox/cycle` answered. Says what is missing in one line, does
    nothing where all is well or no cycle was to run, and never asks twice: what then still lacks
    is for `verify` to show. Raises `ScimError`.
    """
    provider = config.identity_provider
    if isinstance(provider, EntraConfig) and not provider.start:
        return
    lacking = list(undelivered(config, sandbox.state()))
    if not lacking:
        return
    name = provider.kind.capitalize()
    own = report.get(provider.kind)
    errors = own.get("errors") if isinstance(own, dict) else None
    believes = f"{name}'s cycle reported errors" if errors else f"{name} believes it delivered"
    progress(f"{believes}, and Cloudflare lacks {named(lacking)}; {_AGAIN[provider.kind]}")
    sandbox.post("cycle", {"identityProvider": provider.kind, "full": True})


def undelivered(config: ScimConfig, state: State) -> Iterator[str]:
    """What Cloudflare lacks of the declared, by the sandbox's own state: people, roles, groups."""
    members = cast(_Objects, state["cloudflare"]["members"])
    for row in role_rows(config, members):
        for role in row.missing:
            yield f"{role} of {row.person}"
    there = {str(one["email"]).lower() for one in members if one["accountId"] == config.account.id}
    for person in config.identity_provider.users_group.members or ():
        if person.lower() not in there:
            yield f"the member {person}"
    # A group that SCIM has not written to is not locked: anyone could put people into it.
    loose = [
        str(one["name"])
        for one in cast(_Objects, state["cloudflare"]["userGroups"])
        if one["accountId"] == config.account.id and not one["scimManaged"]
    ]
    for name in sorted(_pushed_groups(state).intersection(loose)):
        yield f'the push of group "{name}"'


def _pushed_groups(state: State) -> set[str]:
    """The groups that an identity provider has put into its target, as it believes."""
    mappings = [
        mapping
        for app in cast(_Objects, state["okta"]["apps"])
        for mapping in cast(_Objects, app["pushMappings"])
    ]
    links = [
        link
        for one in cast(dict[str, dict[str, _Objects]], state["entra"]["synchronization"]).values()
        for job in one["jobs"]
        for link in cast(dict[str, dict[str, object]], job["links"]).values()
    ]
    return {
        *(str(one["target"]) for one in mappings if one["externalId"]),
        *(str(one["name"]) for one in links if one["kind"] == "Group"),
    }
