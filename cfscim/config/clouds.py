"""Microsoft's clouds: what differs from one to the other, and nothing else.

Source: terraform-provider-azuread (`environment`) and go-azure-sdk, sdk/environments (C); the
templates: Microsoft Learn, "Create an enterprise application from a template", national clouds (D).
"""

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["global", "usGovernment", "usGovernmentDod", "china"]


@dataclass(frozen=True)
class Cloud:
    """One cloud.

    `graph` and `login` are base addresses without version; `portal` is the admin center's;
    `template` is the id of "Integrate any other application you don't find in the gallery";
    `environments` are the names by which the azuread provider knows it, in lower case.
    """

    name: CloudName
    graph: str
    login: str
    portal: str
    template: str
    environments: tuple[str, ...]


_GLOBAL = Cloud(
    "global",
    "https://graph.microsoft.com",
    "https://login.microsoftonline.com",
    "https://entra.microsoft.com",
    "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
    ("global", "public"),
)
_US_TEMPLATE = "4602d0b4-76bb-404b-bca9-2652e1a39c6d"
CLOUDS: dict[CloudName, Cloud] = {
    "global": _GLOBAL,
    "usGovernment": Cloud(
        "usGovernment",
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us",
        "https://entra.microsoft.us",
        _US_TEMPLATE,
        ("usgovernment", "usgovernmentl4"),
    ),
    "usGovernmentDod": Cloud(
        "usGovernmentDod",
        "https://dod-graph.microsoft.us",
        "https://login.microsoftonline.us",
        "https://entra.microsoft.us",
        _US_TEMPLATE,
        ("usgovernmentl5", "dod"),
    ),
    "china": Cloud(
        "china",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://entra.microsoftonline.cn",
        "5a532e38-1581-4918-9658-008dc27c1d68",
        ("china",),
    ),
}


EACH_ITS_OWN = (
    "each cloud has its own template, addresses and console, and nothing is found in another one"
)
"""Why no setting may mean another cloud than the config."""


def cloud_of_environment(name: str) -> Cloud | None:
    """The cloud that the provider's `environment` names, in any case; None for an unknown name."""
    for cloud in CLOUDS.values():
        if name.lower() in cloud.environments:
            return cloud
    return None
