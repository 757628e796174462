"""Cloudflare, Okta and Microsoft Graph on loopback, with a real SCIM 2.0 endpoint.

Imports nothing of this project, so that it cannot share the project's mistakes.
"""

import sys

if tuple(sys.version_info[:2]) < (3, 11):
    sys.stderr.write("sandbox: needs Python 3.11 or newer; this is " + sys.executable + "\n")
    sys.exit(3)
