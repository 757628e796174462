"""REST calls that no provider covers: HTTP, errors, signing in. No Pulumi."""

import sys

# httpx imports its own command line where Rich is installed, which costs as much as the rest of it.
sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]
