"""Access tokens of the sandbox's tenant: issued by the login, checked on every Graph request."""

import hashlib
import time
import uuid
from dataclasses import dataclass

import jwt

from sandbox.entra.errors import GraphError
from sandbox.entra.state import EntraState
from sandbox.server.router import Context
from sandbox.server.world import World

GRAPH_AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
LIFETIME_SECONDS = 3599


@dataclass(frozen=True)
class Caller:
    """Who makes a Graph request."""

    object_id: str
    app_id: str


def _key(world: World) -> bytes:
    # From the client secret, so that tokens stay valid when a stored sandbox is started again.
    return hashlib.sha256(b"entra-token:" + world.credentials.arm_client_secret.encode()).digest()


def issue(world: World, state: EntraState, resource: str) -> str:
    """A signed token for ``resource`` with the claims clients read: oid, tid, appid, roles."""
    issued = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{state.tenant_id}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME_SECONDS,
        "appid": state.caller_app_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": state.caller_id,
        "roles": state.roles,
        "sub": state.caller_id,
        "tid": state.tenant_id,
        "uti": uuid.uuid4().hex[:22],
        "ver": "1.0",
    }
    token = jwt.encode(claims, _key(world), algorithm="HS256")
    world.log.hide(token)
    return token


def authenticate(ctx: Context) -> Caller:
    """Who sends this request. Raises GraphError 401 for a token that is not ours or not for Graph.

    The roles in the token are for show: what counts is what the application has now, so that
    narrowing its permissions works at once and clients need not sign in again.
    """
    scheme, _, token = ctx.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(401, "Access token is empty.")
    world = ctx.world
    audiences = [*GRAPH_AUDIENCES, world.http_base, world.https_base]
    try:
        claims = jwt.decode(token.strip(), _key(world), algorithms=["HS256"], audience=audiences)
    except jwt.ExpiredSignatureError as error:
        raise GraphError(401, "Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidAudienceError as error:
        message = "Access token validation failure. Invalid audience."
        raise GraphError(401, message) from error
    except jwt.InvalidTokenError as error:
        raise GraphError(401, "CompactToken validation failed: not a token of this tenant.") from (
            error
        )
    return Caller(str(claims["oid"]), str(claims["appid"]))
