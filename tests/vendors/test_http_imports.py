"""Reading one vendor costs no import of another's library: each is loaded when it signs in."""

import subprocess
import sys

SLOW = ("azure", "msal", "jwt", "cryptography", "pulumi", "requests")


def test_nothing_slow_is_imported_before_signing_in() -> None:
    code = (
        "import sys, cfscim.vendors.entra.api, cfscim.vendors.okta.api\n"
        "import cfscim.vendors.cloudflare.api, cfscim.vendors.cloudflare.scim\n"
        f"print([name for name in sys.modules if name.partition('.')[0] in {SLOW!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
