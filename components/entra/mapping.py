"""The scoping filters of the provisioning job (guide: Configure user permissions in Azure AD, 3-6).

No provider covers the job's schema (terraform-provider-azuread #1332, #1429). Only the scope of
the Group mapping, and of the User mapping when asked, is changed; destroying puts back what was
there before.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from cfscim.config.json_types import Json
from cfscim.config.messages import PROJECT
from cfscim.vendors.entra.job_schema import (
    CHANGED_BY_HAND,
    Clause,
    ScopedGroup,
    Scopes,
    read_scopes,
    with_scopes,
)
from components.rest_resource import Props, RestProvider

if TYPE_CHECKING:
    from cfscim.config.models import UserFilter

# Users are filtered only when asked: otherwise a filter made by hand stays as it is.
_AS_FOUND = "as found"


class EntraMappingProvider(RestProvider):
    """Reads the whole schema document, sets the scopes, writes it back and reads it again.

    State: the declared filters, and `originalScopes` (JSON) for restoring.
    """

    declared = ("servicePrincipalId", "jobId", "groupNames", "groupIds", "userClauses")
    replace_on = ("servicePrincipalId", "jobId")

    def create(self, props: Props) -> CreateResult:
        """Raises `RemoteError` when Entra does not keep the filter it was given."""
        original = self._written(props)
        # Found as declared: an interrupted run wrote it, and the default has no filter.
        if original == _declared_scopes(props, original.user):
            original = Scopes(None, None if _filters_users(props) else original.user)
        outs = {**self.kept(props), "originalScopes": original.to_json()}
        return CreateResult(f"{props['jobId']}/scopes", outs)

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Sets the new filter; what stood there first is kept for restoring."""
        original = Scopes.from_json(str(olds["originalScopes"]))
        # The users' filter goes back to what it was when the config stops asking for one.
        dropped = _filters_users(olds) and not _filters_users(news)
        self._written(news, user_scope=original.user if dropped else _AS_FOUND)
        return UpdateResult({**self.kept(news), "originalScopes": olds["originalScopes"]})

    def read(self, id_: str, props: Props) -> ReadResult:
        """Reports the filter as Entra has it now; a job that is gone reads as gone."""
        graph = self.graph()
        document = graph.find_schema(str(props["servicePrincipalId"]), str(props["jobId"]))
        if document is None:
            return ReadResult("", {})
        outs = dict(props)
        scopes = read_scopes(document)
        # A state of before ids were filtered by has none: whatever stands there is to be changed.
        if not _has_ids(props) or scopes != _declared_scopes(props, scopes.user):
            groups = scopes.groups() or (ScopedGroup("", CHANGED_BY_HAND),)
            outs["groupNames"] = [group.name for group in groups]
            outs["groupIds"] = [group.id for group in groups]
            outs["userClauses"] = scopes.user_clauses()
        return ReadResult(id_, outs)

    def delete(self, _id: str, props: Props) -> None:
        """Puts back the scopes found at the first run; a job that is gone needs nothing."""
        service_principal, job = str(props["servicePrincipalId"]), str(props["jobId"])
        graph = self.graph()
        document = graph.find_schema(service_principal, job)
        if document is not None:
            original = Scopes.from_json(str(props["originalScopes"]))
            if not _filters_users(props):
                original = Scopes(original.group, read_scopes(document).user)
            graph.put_schema(service_principal, job, with_scopes(document, original))

    def _written(self, props: Props, user_scope: Json = _AS_FOUND) -> Scopes:
        service_principal, job = str(props["servicePrincipalId"]), str(props["jobId"])
        graph = self.graph()
        document = graph.schema(service_principal, job)
        before = read_scopes(document)
        otherwise = before.user if user_scope == _AS_FOUND else user_scope
        wanted = _declared_scopes(props, otherwise)
        if before != wanted:
            graph.require_id_filter(service_principal, job, document)
            # An unchanged document is not written: every write starts a full new cycle.
            graph.put_schema(service_principal, job, with_scopes(document, wanted))
            graph.expect_scopes(service_principal, job, wanted)
        return before


def _filters_users(props: Props) -> bool:
    return bool(props["userClauses"])


def _declared_scopes(props: Props, user_otherwise: Json) -> Scopes:
    clauses = props["userClauses"]
    assert isinstance(clauses, list)
    return Scopes.of(
        _groups(props),
        [Clause(*json.loads(clause)) for clause in clauses],
        user_otherwise=user_otherwise,
    )


def _has_ids(props: Props) -> bool:
    ids = props.get("groupIds")
    return isinstance(ids, list) and all(ids)


def _groups(props: Props) -> list[ScopedGroup]:
    names, ids = props["groupNames"], props["groupIds"]
    assert isinstance(names, list)
    assert isinstance(ids, list)
    return [ScopedGroup(str(id_), str(name)) for name, id_ in zip(names, ids, strict=True)]


class EntraMapping(Resource, module=PROJECT, name="EntraMapping"):
    """In: service principal, job, the groups (exact name to object id), the clauses of users."""

    def __init__(
        self,
        name: str,
        service_principal_id: pulumi.Input[str],
        job_id: pulumi.Input[str],
        groups: Mapping[str, pulumi.Input[str]],
        user_filter: "Sequence[UserFilter]",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "servicePrincipalId": service_principal_id,
            "jobId": job_id,
            "groupNames": list(groups),
            "groupIds": list(groups.values()),
            "userClauses": [json.dumps([f.attribute, f.operator, f.value]) for f in user_filter],
            "originalScopes": None,
        }
        super().__init__(EntraMappingProvider(), name, props, opts)
