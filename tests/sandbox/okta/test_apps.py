"""Okta's apps: shaped as a catalogue's SAML app, and what Okta drops is dropped."""

from xml.etree import ElementTree

import pytest
from cryptography import x509

from tests.sandbox.okta.okta_support import Okta

METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"


# What terraform-provider-okta sends for `okta_app_saml` with `preconfigured_app`.
PROVIDER_BODY = {
    "accessibility": {"selfService": False},
    "credentials": {"userNameTemplate": {"template": "${source.email}", "type": "BUILT_IN"}},
    "label": "Cloudflare SCIM",
    "name": "scim2testapp",
    "settings": {
        "app": {"acsUrl": None, "audienceUri": None, "swaLoginUrl": None},
        "implicitAssignment": False,
        "notes": {"admin": None, "enduser": None},
        "signOn": {
            "allowMultipleAcsEndpoints": False,
            "assertionSigned": False,
            "slo": {"enabled": False},
            "attributeStatements": [],
            "audienceOverride": "",
            "defaultRelayState": "",
            "destinationOverride": "",
            "honorForceAuthn": False,
            "recipientOverride": "",
            "responseSigned": False,
            "samlSignedRequestEnabled": False,
            "ssoAcsUrlOverride": "",
        },
    },
    "signOnMode": "SAML_2_0",
    "visibility": {
        "appLinks": {"scim2testapp_login": True},
        "autoSubmitToolbar": False,
        "hide": {"iOS": True, "web": True},
    },
}


def test_the_providers_body_is_read_back(okta: Okta) -> None:
    app = okta.got("POST", "/apps?activate=true", PROVIDER_BODY)
    read = okta.got("GET", f"/apps/{app['id']}")
    assert read == app
    assert (read["status"], read["features"], read["signOnMode"]) == ("ACTIVE", [], "SAML_2_0")
    assert read["visibility"]["hide"] == {"iOS": True, "web": True}
    assert read["visibility"]["autoSubmitToolbar"] is False
    assert read["credentials"]["userNameTemplate"]["template"] == "${source.email}"


def test_the_defaults(okta: Okta) -> None:
    body = {"name": "scim2testapp", "label": "x", "signOnMode": "SAML_2_0"}
    app = okta.got("POST", "/apps", body)
    assert app["visibility"]["hide"] == {"iOS": False, "web": False}
    assert app["visibility"]["autoSubmitToolbar"] is False  # recorded: the API's own default
    assert app["credentials"]["userNameTemplate"]["template"] == "${source.login}"


def test_what_the_catalogue_decides_is_dropped(okta: Okta) -> None:
    app_id = okta.app(
        features=["GROUP_PUSH"],
        settings={"app": {"unknown": 1}, "signOn": {"responseSigned": True, "audience": "x"}},
    )
    app = okta.got("GET", f"/apps/{app_id}")
    assert app["features"] == []
    assert "unknown" not in app["settings"]["app"]
    assert not {"responseSigned", "audience"} & set(app["settings"]["signOn"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "no_such_app"}, 404),
        ({"name": ""}, 400),
        ({"label": ""}, 400),
        ({"label": "x" * 101}, 400),
        ({"signOnMode": "OPENID_CONNECT"}, 400),
        ({"visibility": "hidden"}, 400),
        ({"credentials": {"userNameTemplate": {"template": "${evil(1)}"}}}, 400),
        ({"settings": {"signOn": {"attributeStatements": "x"}}}, 400),
    ],
)
def test_bad_app_is_refused(okta: Okta, change: dict[str, object], status: int) -> None:
    okta.got("POST", "/apps", {**PROVIDER_BODY, **change}, status)
    assert okta.got("GET", "/apps") == []


def test_put_replaces(okta: Okta) -> None:
    app_id = okta.app()
    body = {"name": "scim2testapp", "label": "New", "signOnMode": "SAML_2_0"}
    app = okta.got("PUT", f"/apps/{app_id}", body)
    assert (app["label"], app["credentials"]["userNameTemplate"]["template"]) == (
        "New",
        "${source.login}",
    )
    okta.got("PUT", f"/apps/{app_id}", {**body, "name": "zscalerbyz"}, 400)


def test_inactive_on_request(okta: Okta) -> None:
    app = okta.got("POST", "/apps?activate=false", PROVIDER_BODY)
    assert app["status"] == "INACTIVE"
    assert "activate" in app["_links"]


def test_only_an_inactive_app_can_be_deleted(okta: Okta) -> None:
    app_id = okta.app()
    assert okta.got("DELETE", f"/apps/{app_id}", status=403)["errorCode"] == "E0000056"
    assert okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate") == {}
    okta.got("DELETE", f"/apps/{app_id}", status=204)
    assert "(AppInstance)" in okta.got("GET", f"/apps/{app_id}", status=404)["errorSummary"]


def test_apps_are_listed_by_label_and_filter(okta: Okta) -> None:
    app_id = okta.app()
    okta.app("zscalerbyz", label="Zscaler")
    assert [a["id"] for a in okta.got("GET", "/apps?q=cloudflare")] == [app_id]
    assert [a["label"] for a in okta.got("GET", '/apps?filter=name eq "zscalerbyz"')] == ["Zscaler"]
    okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate")
    assert [a["id"] for a in okta.got("GET", '/apps?filter=status eq "INACTIVE"')] == [app_id]


def test_policy_is_the_default_and_can_be_set(okta: Okta) -> None:
    policies = okta.got("GET", "/policies?type=ACCESS_POLICY")
    default = [policy["id"] for policy in policies if policy["system"]]
    app_id = okta.app()
    href = okta.got("GET", f"/apps/{app_id}")["_links"]["accessPolicy"]["href"]
    assert [href.rpartition("/")[2]] == default
    other = next(policy["id"] for policy in policies if not policy["system"])
    okta.got("PUT", f"/apps/{app_id}/policies/{other}", status=204)
    href = okta.got("GET", f"/apps/{app_id}")["_links"]["accessPolicy"]["href"]
    assert href.endswith(other)
    assert okta.got("GET", f"/policies/{other}")["name"] == "Password only"
    okta.got("PUT", f"/apps/{app_id}/policies/rstNone", status=404)
    okta.got("GET", "/policies", status=400)


def test_keys_and_metadata_hold_one_certificate(okta: Okta) -> None:
    app_id = okta.app()
    kid = okta.got("GET", f"/apps/{app_id}")["credentials"]["signing"]["kid"]
    (key,) = okta.got("GET", f"/apps/{app_id}/credentials/keys")
    answer = okta.get(f"/api/v1/apps/{app_id}/sso/saml/metadata?kid={kid}")
    root = ElementTree.fromstring(answer.text)
    text = next(root.iter("{http://www.w3.org/2000/09/xmldsig#}X509Certificate")).text or ""
    assert (key["kid"], key["x5c"]) == (kid, [text])
    x509.load_pem_x509_certificate(
        f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()
    )
    assert len(list(root.iter(f"{METADATA}SingleSignOnService"))) == 2
    assert answer.headers["Content-Type"] == "application/xml"
    again = okta.get(f"/api/v1/apps/{app_id}/sso/saml/metadata?kid={kid}")
    assert again.text == answer.text
    assert okta.get(f"/api/v1/apps/{app_id}/sso/saml/metadata?kid=x").status_code == 404


def test_logo_can_be_uploaded(okta: Okta) -> None:
    app_id = okta.app()
    path = f"/api/v1/apps/{app_id}/logo"
    assert okta.post(path, files={"file": ("a.png", b"png")}).status_code == 201
    assert okta.post(path).status_code == 400


def test_organisation_is_identity_engine(okta: Okta) -> None:
    assert okta.get("/.well-known/okta-organization").json()["pipeline"] == "idx"
