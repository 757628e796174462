"""An app's SAML side, as far as clients read it back: signing keys and metadata."""

from xml.sax.saxutils import escape, quoteattr

from werkzeug import Response

from sandbox.okta.api import endpoint
from sandbox.okta.apps import find
from sandbox.okta.errors import not_found
from sandbox.okta.state import ORGANISATION
from sandbox.okta.x509 import certificate, jwk_number, key_id
from sandbox.server.router import Context, json_reply

_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_BINDINGS = ("HTTP-POST", "HTTP-Redirect")
_NAME_FORMATS = ("unspecified", "emailAddress")


@endpoint("GET", "/api/v1/apps/<app_id>/credentials/keys", "okta.apps.read")
def list_keys(ctx: Context, app_id: str) -> Response:
    """The app's only signing key."""
    app = find(ctx.state, app_id)
    cert = certificate(app, ctx.world.credentials.okta_api_token)
    key = {
        "kty": "RSA",
        "created": app.created,
        "lastUpdated": app.created,
        "expiresAt": cert.expires,
        "kid": key_id(app),
        "use": "sig",
        "x5c": [cert.base64],
        "x5t#S256": cert.thumbprint,
        "e": jwk_number(cert.exponent),
        "n": jwk_number(cert.modulus),
    }
    return json_reply([key])


@endpoint("GET", "/api/v1/apps/<app_id>/sso/saml/metadata", "okta.apps.read")
def metadata(ctx: Context, app_id: str) -> Response:
    """The identity provider's metadata for the app, as XML."""
    app = find(ctx.state, app_id)
    wanted = ctx.request.args.get("kid", key_id(app))
    if wanted != key_id(app):
        raise not_found(wanted, "KeyCredential")
    cert = certificate(app, ctx.world.credentials.okta_api_token)
    external = "exk" + app.id[3:]
    address = quoteattr(f"{ORGANISATION}/app/{app.name}/{external}/sso/saml")
    formats = "".join(
        f"<md:NameIDFormat>{escape(f'urn:oasis:names:tc:SAML:1.1:nameid-format:{name}')}"
        "</md:NameIDFormat>"
        for name in _NAME_FORMATS
    )
    services = "".join(
        f'<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" '
        f"Location={address}/>"
        for binding in _BINDINGS
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<md:EntityDescriptor entityID="http://www.okta.com/{external}" xmlns:md="{_METADATA}">'
        '<md:IDPSSODescriptor WantAuthnRequestsSigned="false" '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing">'
        '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{cert.base64}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        f"{formats}{services}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
    return Response(text, content_type="application/xml")
