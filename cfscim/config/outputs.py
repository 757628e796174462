"""The names of a stack's outputs, and the engine's words that print them."""

SCIM_BASE_URL = "scimBaseUrl"
TOKEN_ID = "tokenId"  # noqa: S105 - a name
TOKEN_EXPIRES_ON = "tokenExpiresOn"  # noqa: S105 - a name
TOKEN_VALUE = "tokenValue"  # noqa: S105 - a name
TOKEN_FINGERPRINT = "tokenFingerprint"  # noqa: S105 - a name
REMAINING_STEPS = "remainingSteps"
WARNINGS = "warnings"
NEXT_WAY = "next"
"""While a move has two ways side by side: the new way's own outputs."""

APPLICATION_ID = "applicationId"
ROLE_GROUPS = "roleGroups"
PUSH_MAPPING_IDS = "pushMappingIds"
SERVICE_PRINCIPAL_ID = "servicePrincipalId"
SYNCHRONIZATION_JOB_ID = "synchronizationJobId"
"""What there is once for each way by which roles are given."""

GROUP_NAME = "name"
IDP_GROUP_ID = "identityProviderGroupId"
CLOUDFLARE_GROUP_ID = "cloudflareGroupId"
"""What `roleGroups` has of each role."""

PRINT_ALL = "pulumi stack output --json --show-secrets"
PRINT_TOKEN = f"pulumi stack output {TOKEN_VALUE} --show-secrets"
