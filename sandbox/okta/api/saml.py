"""An app's SAML side, as far as clients read it back: signing keys and metadata.

One constant certificate serves every app; only its ``kid`` is the app's own.
"""

import base64
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.algorithms import RSAAlgorithm
from werkzeug import Response

from sandbox.okta.api.apps import find
from sandbox.okta.api.route import endpoint
from sandbox.okta.errors import not_found
from sandbox.okta.models import ORGANISATION, stamp
from sandbox.server.router import Context, json_reply
from sandbox.server.tls import signing_certificate, signing_key

_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_BINDINGS = ("HTTP-POST", "HTTP-Redirect")
_NAME_FORMATS = ("unspecified", "emailAddress")


@endpoint("GET", "/api/v1/apps/<app_id>/credentials/keys", "okta.apps.read")
def list_keys(ctx: Context, app_id: str) -> Response:
    """The app's only signing key (R: older cassettes of terraform-provider-okta)."""
    app, certificate = find(ctx.state, app_id), signing_certificate()
    public = RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256()))
    key = {
        "kty": "RSA",
        "created": app.created,
        "lastUpdated": app.created,
        "expiresAt": stamp(certificate.not_valid_after_utc),
        "kid": app.key_id,
        "use": "sig",
        "x5c": [_x5c()],
        "x5t#S256": thumbprint.rstrip(b"=").decode(),
        "e": public["e"],
        "n": public["n"],
    }
    return json_reply([key])


@endpoint("GET", "/api/v1/apps/<app_id>/sso/saml/metadata", "okta.apps.read")
def metadata(ctx: Context, app_id: str) -> Response:
    """The identity provider's metadata for the app, as XML (R)."""
    app = find(ctx.state, app_id)
    kid = ctx.request.args.get("kid", app.key_id)
    if kid != app.key_id:
        raise not_found(kid, "KeyCredential")
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
        f"<ds:X509Certificate>{_x5c()}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        f"{formats}{services}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )
    return Response(text, content_type="application/xml")


def _x5c() -> str:
    return base64.b64encode(signing_certificate().public_bytes(Encoding.DER)).decode()
