"""Okta's own domains are taken, with their own admin console; a vanity domain is refused, why."""

from pathlib import Path

import pytest
import yaml

from cfscim.config.messages import MissingError
from cfscim.config.provider_settings import OKTA_DOMAINS, okta_domain
from cfscim.config.stack_file import check_stack_file
from cfscim.vendors.okta.signin import organisation_url
from tests.configs import config_object

VANITY = "login.example.com"


def stack_file(folder: Path, domain: str) -> str:
    path = folder / "Pulumi.dev.yaml"
    config = {
        "okta:baseUrl": domain,
        "cloudflare-scim:scim": config_object(),
    }
    path.write_text(yaml.safe_dump({"config": config}))
    return str(path)


@pytest.mark.parametrize("domain", OKTA_DOMAINS)
def test_oktas_own_domains(tmp_path: Path, domain: str) -> None:
    checked = check_stack_file(stack_file(tmp_path, domain))
    assert [str(problem) for problem in checked.problems] == []
    assert okta_domain(None, {"OKTA_BASE_URL": domain}) == domain
    env = {"OKTA_ORG_NAME": "example", "OKTA_BASE_URL": domain}
    assert organisation_url({}, env) == f"https://example.{domain}"


def test_a_vanity_domain_is_refused_with_the_reason(tmp_path: Path) -> None:
    [problem] = check_stack_file(stack_file(tmp_path, VANITY)).problems
    assert "admin console" in str(problem)
    for refuse in (
        lambda: okta_domain(VANITY, {}),
        lambda: okta_domain(None, {"OKTA_BASE_URL": VANITY}),
        lambda: organisation_url({"okta:orgName": "example", "okta:baseUrl": VANITY}, {}),
    ):
        with pytest.raises(MissingError, match="admin console"):
            refuse()
