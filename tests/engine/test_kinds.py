"""What forces a replacement stands in kinds.py alone, and is what the plugins' schemas say.

A resource on Terraform's newer framework (all of Cloudflare's, Okta's push groups) keeps it in plan
modifiers, which no schema shows: there the inputs named must exist, and the source is in `kinds.py`.
"""

import json
import shutil
import subprocess
from functools import cache

import pytest

from cfscim.config.kinds import KINDS

PACKAGES = ("okta", "azuread", "cloudflare")
# RequiresReplace in a plan modifier: seen in terraform-provider-okta 6.12 and -cloudflare 5.22.
FRAMEWORK = {
    "okta:index/pushGroup:PushGroup",
    "cloudflare:index/accountToken:AccountToken",
    "cloudflare:index/apiToken:ApiToken",
    "cloudflare:index/userGroup:UserGroup",
}


@cache
def schema(package: str) -> dict[str, dict[str, dict[str, dict[str, dict[str, object]]]]]:
    """The plugin's Pulumi schema. Skips where the engine or the plugin is missing."""
    plugin = shutil.which(f"pulumi-resource-{package}")
    if shutil.which("pulumi") is None or plugin is None:
        pytest.skip(f"no pulumi with the plugin {package} on PATH")
    done = subprocess.run(
        ["pulumi", "package", "get-schema", plugin],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("type_", [type_ for type_ in KINDS if type_.startswith(PACKAGES)])
def test_what_replaces_is_what_the_schema_says(type_: str) -> None:
    known = schema(type_.split(":")[0])["resources"][type_]["inputProperties"]
    forced = {name for name, given in known.items() if given.get("willReplaceOnChanges")}
    declared = KINDS[type_].forces_new
    assert declared <= set(known), "kinds.py names an input that there is not"
    if type_ in FRAMEWORK:
        assert forced <= declared
    else:
        assert forced == declared
