"""The apps of the catalogue that this organisation offers, and how far Okta's API can set them up.

Source: the connection's description in Okta's OpenAPI document (only ``okta_org2org`` and
``zscalerbyz`` take a token, only ``zscalerbyz`` a base URL), and the SCIM test apps' titles in
the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CatalogApp:
    """One app of the catalogue."""

    name: str
    title: str
    settings: Mapping[str, object] = field(default_factory=dict)
    takes_connection: bool = False  # the connection API works
    takes_base_url: bool = False  # … and takes the target's address
    sends: Literal["bearer", "raw", "basic"] = "bearer"  # how the stored token goes out
    mode: str | None = "SAML_2_0"
    others: tuple[str, ...] = ()  # further sign-on modes that it offers
    link: str = "login"  # the key of the app's only link
    own_client: bool = False  # an OpenID Connect client whose settings are one's own


@dataclass(frozen=True)
class SignOn:
    """What apps of a sign-on mode hold beyond those of every mode, with the defaults (R)."""

    credentials: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


_SAML_TEST: dict[str, object] = {"acsUrl": None, "audienceUri": None, "swaLoginUrl": None}
_SWA = {
    "loginUrlRegex": None,
    "usernameField": None,
    "redirectUrl": None,
    "buttonField": None,
    "checkbox": None,
    "passwordField": None,
    "url": None,
}
_SWA_3_FIELDS = {
    "loginUrlRegex": None,
    "extraFieldSelector": None,
    "extraFieldValue": None,
    "redirectUrl": None,
    "userNameSelector": None,
    "passwordSelector": None,
    "buttonSelector": None,
    "targetURL": None,
}
_STORED_PASSWORD = {"usernameField": None, "passwordField": None, "url": None} | {
    f"optionalField{number}{end}": None for number in "123" for end in ("", "Value")
}
_ORG2ORG: Mapping[str, object] = {
    "acsUrl": None,
    "audRestriction": None,
    "baseUrl": None,
    "idpId": None,
}
_OFFICE: Mapping[str, object] = {
    "tenantType": None,
    "wsFedConfigureType": None,
    "occSettings": None,
    "windowsTransportEnabled": False,
    "domain": None,
    "msftTenant": None,
    "domains": [],
    "office365ProvisioningType": None,
    "requireAdminConsent": False,
    "office365FlexibleProvisioningMode": None,
}
_AWS: Mapping[str, object] = {
    "appFilter": "okta",
    "groupFilter": "aws_(?{{accountid}}\\d+)_(?{{role}}[a-zA-Z0-9+=,.@\\-_]+)",
    "secretKey": None,
    "webSSOAllowedClient": None,
    "useGroupMapping": False,
    "joinAllRoles": False,
    "identityProviderArn": None,
    "overrideAcsURL": None,
    "sessionDuration": 3600,
    "roleValuePattern": "arn:aws:iam::${accountid}:saml-provider/OKTA",
    "accountID": None,
    "awsEnvironmentType": "aws.amazon",
    "accessKey": None,
    "loginURL": "https://console.aws.amazon.com/ec2/home",
    "secretKeyEnc": None,
}
_APPS = (
    CatalogApp(
        "scim2testapp",
        "SCIM 2.0 Test App (OAuth Bearer Token)",
        _SAML_TEST,
        link="scim2testapp_login",
    ),
    CatalogApp(
        "scim2testapp_basic",
        "SCIM 2.0 Test App (Basic Auth)",
        _SAML_TEST,
        sends="basic",
        link="scim2testapp_basic_login",
    ),
    CatalogApp(
        "scim2headerauth",
        "SCIM 2.0 Test App (Header Auth)",
        sends="raw",
        link="scim2headerauth_link",  # R: JupiterOne/graph-okta, as its empty settings
    ),
    CatalogApp("okta_org2org", "Okta Org2Org", _ORG2ORG, takes_connection=True),
    CatalogApp(
        "zscalerbyz",
        "Zscaler 2.0",
        {"siteDomain": None},
        takes_connection=True,
        takes_base_url=True,
    ),
    # Others of which exchanges were recorded: as much of them as those show.
    CatalogApp("pagerduty", "PagerDuty", {"adminUserId": None, "baseUrl": None, "subdomain": None}),
    CatalogApp("zoomus", "Zoom", {"subDomain": None, "audience_uri": None, "acs_url": None}),
    CatalogApp(
        "docusign",
        "DocuSign",
        dict.fromkeys(("acsUrl", "samlEmailAddress", "audRestriction", "instanceType")),
    ),
    CatalogApp(
        "facebook_at_work",
        "Workplace",
        dict.fromkeys(("facebookSubDomain", "useWorkplaceDomain", "facebookOrgId", "communityId")),
    ),
    CatalogApp(
        "sharepoint_onpremise",
        "SharePoint",
        {"groupFilter": None, "siteURL": None, "attributeStatements": None},
        mode="SAML_1_1",
    ),
    CatalogApp("bookmark", "Bookmark", {"requestIntegration": False, "url": None}, mode="BOOKMARK"),
    CatalogApp(
        "oidc_client",
        "OpenID Connect",
        mode="OPENID_CONNECT",
        link="oidc_client_link",
        own_client=True,
    ),
    CatalogApp("template_swa", "SWA", _SWA, mode="BROWSER_PLUGIN"),
    CatalogApp("template_swa3field", "SWA, 3 fields", _SWA_3_FIELDS, mode="BROWSER_PLUGIN"),
    CatalogApp("template_sps", "Stored password", _STORED_PASSWORD, mode="SECURE_PASSWORD_STORE"),
    CatalogApp(
        "template_basic_auth",
        "Basic authentication",
        dict.fromkeys(("loginUrlRegex", "authURL", "url")),
        mode="BASIC_AUTH",
    ),
    CatalogApp("aws_console", "AWS Console", mode="BROWSER_PLUGIN", link="aws_console_login"),
    CatalogApp(
        "office365",
        "Microsoft Office 365",
        _OFFICE,
        mode="BROWSER_PLUGIN",
        others=("SAML_1_1",),
    ),
    CatalogApp(
        "google",
        "Google Workspace",
        {"afwOnly": False, "domain": None, "afwId": None, "rpId": None},
    ),
    CatalogApp("amazon_aws", "AWS Account Federation", _AWS),
    CatalogApp("deelhr", "Deel HR", mode=None, link="deelhr_link"),
    CatalogApp(
        "strongdm", "strongDM", {"base_url": None}, mode="OPENID_CONNECT", link="strongdm_link"
    ),
    CatalogApp("deel", "Deel", mode="OPENID_CONNECT", link="deel_link"),
    CatalogApp("applauz", "Applauz", mode="OPENID_CONNECT", link="applauz_link"),
)
CATALOG = {app.name: app for app in _APPS}
OWN = CatalogApp("", "An app of the organisation's own", own_client=True)
"""Any app that was made without the catalogue."""


def kind_of(name: str) -> CatalogApp:
    """What the catalogue says of an app's name."""
    return CATALOG.get(name, OWN)


_PASSWORD = SignOn({"scheme": "EDIT_USERNAME_AND_PASSWORD", "revealPassword": False})
_OWN_SAML = {
    "defaultRelayState": None,
    "ssoAcsUrl": None,
    "idpIssuer": "http://www.okta.com/${org.externalKey}",
    "audience": None,
    "recipient": None,
    "destination": None,
    "subjectNameIdTemplate": "${user.userName}",
    "subjectNameIdFormat": None,
    "responseSigned": False,
    "assertionSigned": False,
    "signatureAlgorithm": "RSA_SHA256",
    "digestAlgorithm": "SHA256",
    "honorForceAuthn": False,
    "authnContextClassRef": None,
    "spIssuer": None,
    "requestCompressed": False,
    "attributeStatements": [],
    "inlineHooks": [],
    "assertionEncryption": {"enabled": False},
    "allowMultipleAcsEndpoints": False,
    "acsEndpoints": [],
    "samlSignedRequestEnabled": False,
    "slo": {"enabled": False},
}
_OIDC = {
    "client_uri": None,
    "logo_uri": None,
    "redirect_uris": [],
    "response_types": [],
    "grant_types": [],
    "application_type": "web",
    "consent_method": "TRUSTED",
    "issuer_mode": "ORG_URL",
    "idp_initiated_login": {"mode": "DISABLED", "default_scope": []},
    "wildcard_redirect": "DISABLED",
    "dpop_bound_access_tokens": False,
    "participate_slo": False,
}
OWN_SIGN_ON_EXTRAS = ("spCertificate",)
"""What an own app's SAML holds only where it was given (R)."""
CATALOG_SIGN_ON = (
    "defaultRelayState",
    "ssoAcsUrlOverride",
    "audienceOverride",
    "recipientOverride",
    "destinationOverride",
)
"""What can be set of a catalogue app's SAML, beside its attribute statements (R)."""
SIGN_ON: Mapping[str | None, SignOn] = {
    "SAML_2_0": SignOn(settings={"signOn": _OWN_SAML}),
    "SAML_1_1": SignOn(settings={"signOn": dict.fromkeys(CATALOG_SIGN_ON[:4])}),
    "OPENID_CONNECT": SignOn(
        {
            "oauthClient": {
                "autoKeyRotation": True,
                "client_id": None,
                "token_endpoint_auth_method": "client_secret_basic",
                "pkce_required": False,
            }
        },
        {"oauthClient": _OIDC},
    ),
    "AUTO_LOGIN": SignOn(
        _PASSWORD.credentials, {"signOn": {"redirectUrl": None, "loginUrl": None}}
    ),
    "BROWSER_PLUGIN": _PASSWORD,
    "SECURE_PASSWORD_STORE": _PASSWORD,
    "BASIC_AUTH": _PASSWORD,
    "BOOKMARK": SignOn(),
    None: SignOn(),
}

SCIM_TEST_APPS = ("scim2testapp", "scim2testapp_basic", "scim2headerauth")
"""The catalogue's apps for SCIM 2.0."""
SCIM_GROUP_PROFILE: Mapping[str, object] = dict.fromkeys(
    (
        *("entitlements", "division", "preferredLanguage", "timezone", "costCenter"),
        *("roles", "organization", "userType", "locale", "department"),
    )
)
"""What the assignment of a group to one of them shows where nothing was given (R: JupiterOne)."""
SCIM_USER_PROFILE: Mapping[str, object] = {
    **SCIM_GROUP_PROFILE,
    **dict.fromkeys(
        (
            *("profileUrl", "country", "displayName", "formatted", "postalCode", "title"),
            *("employeeNumber", "honorificSuffix", "familyName", "email", "nickName", "givenName"),
            *("locality", "honorificPrefix", "managerDisplayName", "managerValue"),
            *("primaryPhone", "streetAddress", "middleName", "region"),
        )
    ),
    "emailType": "work",
    "primaryPhoneType": "",
    "addressType": "",
    "locale": "en_US",
}
"""A person's attributes in one of them (R: JupiterOne); those of Okta's profile are filled in."""
