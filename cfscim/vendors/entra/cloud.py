"""Which Microsoft cloud: where Graph is, and who signs people in.

Source: terraform-provider-azuread (`environment`, `metadata_host`) and go-azure-sdk,
sdk/environments; metadata document `GET /metadata/endpoints?api-version=2022-09-01`.
"""

from dataclasses import dataclass

import httpx

from cfscim.config.messages import MissingError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import open_client, require_safe
from cfscim.vendors.replies import Reply, read
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings

_SETTING = "azuread:metadataHost or ARM_METADATA_HOSTNAME"


@dataclass(frozen=True)
class Cloud:
    """Graph's base address without version, and the authority that signs in (always https)."""

    graph: str
    authority: str
    public: bool = False


_PUBLIC = Cloud("https://graph.microsoft.com", "https://login.microsoftonline.com", public=True)
_GOVERNMENT = Cloud("https://graph.microsoft.us", "https://login.microsoftonline.us")
_DEFENSE = Cloud("https://dod-graph.microsoft.us", "https://login.microsoftonline.us")
_CHINA = Cloud("https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn")
_BY_NAME = {
    "global": _PUBLIC,
    "public": _PUBLIC,
    "usgovernment": _GOVERNMENT,
    "usgovernmentl4": _GOVERNMENT,
    "usgovernmentl5": _DEFENSE,
    "dod": _DEFENSE,
    "china": _CHINA,
}


class _Authentication(Reply):
    login_endpoint: str


class _Metadata(Reply):
    name: str
    resource_manager: str
    microsoft_graph_resource_id: str
    authentication: _Authentication


def find_cloud(
    settings: Settings, policy: Policy, transport: httpx.BaseTransport | None = None
) -> Cloud:
    """The cloud the stack's provider would use. Raises `MissingError` or `AnswerError`."""
    host = settings.text("azuread:metadataHost", "ARM_METADATA_HOSTNAME")
    if host:
        return _from_metadata(host, settings, policy, transport)
    name = settings.text("azuread:environment", "ARM_ENVIRONMENT", default="global")
    cloud = _BY_NAME.get(name.lower())
    if cloud is None:
        raise MissingError(
            "azuread:environment or ARM_ENVIRONMENT",
            f"{name} is no cloud of Microsoft's",
            "nobody can sign in without knowing where",
            f"write one of {', '.join(_BY_NAME)}",
        )
    return cloud


def _from_metadata(
    host: str, settings: Settings, policy: Policy, transport: httpx.BaseTransport | None
) -> Cloud:
    base = require_safe(f"https://{host}", _SETTING)
    client = open_client(base, settings.env, policy, transport=transport)
    with HttpClient("Azure", base, client, policy=policy) as http:
        answer = http.get("/metadata/endpoints", {"api-version": "2022-09-01"})
    metadata = read(_Metadata, answer.body, answer.where)
    login = metadata.authentication.login_endpoint.rstrip("/")
    # azure-identity signs in over TLS only; a plain login is one on loopback, where the metadata
    # host, which is always TLS, serves it too.
    authority = login if login.startswith("https://") else base
    graph = require_safe(metadata.microsoft_graph_resource_id, f"{_SETTING} (Graph's address)")
    return Cloud(graph, authority)
