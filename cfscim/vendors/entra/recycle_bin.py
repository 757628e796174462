"""Entra's recycle bin: what is deleted comes back from there, with its id and what hung on it.

Source: D, directory-deleteditems-list and -restore, restore-application. An application's service
principal is restored by a call of its own, after the application.
"""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote

from cfscim.vendors.entra import READ_APPLICATIONS
from cfscim.vendors.entra.jobs import quoted
from cfscim.vendors.entra.models import Binned, bare
from cfscim.vendors.errors import unless_gone
from cfscim.vendors.http import HttpClient
from cfscim.vendors.pages import odata_pages, read

BIN_DAYS = 30
"""What is deleted can be restored for so long."""
NOT_TOLD = ("forbidden", "unauthorized")
"""Kinds of refusal: the bin may not be read by everybody who may read what is there."""
_BIN = "/v1.0/directory/deletedItems"
_NEEDS = {"group": "Group.Read.All", "application": READ_APPLICATIONS}


def binned(http: HttpClient, object_id: str) -> Binned | None:
    """What is in the bin under this id; None where it is not there. Raises `AnswerError`."""
    path = f"{_BIN}/{quote(bare(object_id))}"
    answer = unless_gone(lambda: http.get(path, needs="Directory.Read.All"))
    return None if answer is None else read(Binned, answer.body, answer.where)


def binned_named(
    http: HttpClient, kind: Literal["group", "application"], names: Iterable[str]
) -> tuple[Binned, ...]:
    """Everything of these names in the bin, in any case. Raises `AnswerError`."""
    path = f"{_BIN}/microsoft.graph.{kind}"
    query = {"$filter": f"displayName in ({','.join(map(quoted, names))})"}
    entries = odata_pages(http, path, query, needs=_NEEDS[kind])
    return tuple(read(Binned, item, f"Microsoft Graph GET {path}") for item in entries)


def restoring(graph: str, object_ids: Iterable[str]) -> str:
    """The commands that bring objects back, in this order; `graph` is Graph's base address."""
    return " && ".join(
        f"az rest --method POST --url {graph}{_BIN}/{bare(object_id)}/restore"
        for object_id in object_ids
    )
