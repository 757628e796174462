"""Signing in to Microsoft Graph as the stack's provider does."""

from collections.abc import Mapping

import httpx

from cfscim.vendors.entra.cloud import find_cloud
from cfscim.vendors.entra.credentials import GraphTokens, credential_for
from cfscim.vendors.entra.identity import Federated, Secret, find_identity
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import open_client
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings

VENDOR = "Microsoft Graph"


def graph_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    *,
    policy: Policy | None = None,
    transport: httpx.BaseTransport | None = None,
) -> HttpClient:
    """A client for Graph whose requests are signed; paths begin with the version (`/v1.0/…`).

    Raises `MissingError` naming what to set, or `AnswerError` where the cloud's metadata cannot
    be read. The first request signs in.
    """
    settings, policy = Settings(config, env), policy or Policy()
    identity = find_identity(settings)
    cloud = find_cloud(settings, policy, transport)
    credential = credential_for(identity, cloud, settings, policy, transport)
    tokens = GraphTokens(credential, f"{cloud.graph}/.default", cloud.authority, policy)
    client = open_client(cloud.graph, env, policy, transport=transport)
    http = HttpClient(
        VENDOR,
        cloud.graph,
        client,
        authorize=lambda _method, _url: {"Authorization": f"Bearer {tokens.value()}"},
        credentials="the Entra credentials (azuread:* or ARM_*)",
        policy=policy,
    )
    if isinstance(identity, Secret):
        http.hide(identity.secret)
    if isinstance(identity, Federated) and identity.token:
        http.hide(identity.token)
    return http
