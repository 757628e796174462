"""Pulumi components, one a file. They read no config and no environment: all is in ScimConfig."""

import sys

from components.sdk import SdkFinder

# Before any component imports a provider SDK.
sys.meta_path.insert(0, SdkFinder())
