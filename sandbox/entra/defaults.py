"""New directory objects with every property Graph answers, in the values Entra gives them."""

from pydantic import JsonValue

from sandbox.server.people import Person

USER_ROLE_ID = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
MSIAM_ROLE_ID = "b9632174-c057-4f7e-951b-be3adc52bfe6"


def _app_role(role_id: str, name: str) -> dict[str, JsonValue]:
    return {
        "allowedMemberTypes": ["User"],
        "description": name,
        "displayName": name,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": None,
    }


# What instantiating the "Custom" template gives; Graph's own samples show these ids.
TEMPLATE_ROLES: list[JsonValue] = [
    _app_role(USER_ROLE_ID, "User"),
    _app_role(MSIAM_ROLE_ID, "msiam_access"),
]


def new_user(person: Person, created: str) -> dict[str, JsonValue]:
    """The properties of a member of the tenant (without id)."""
    return {
        "accountEnabled": True,
        "businessPhones": [],
        "city": None,
        "companyName": None,
        "country": None,
        "createdDateTime": created,
        "deletedDateTime": None,
        "department": None,
        "displayName": f"{person.first_name} {person.last_name}",
        "employeeId": None,
        "faxNumber": None,
        "givenName": person.first_name,
        "jobTitle": None,
        "mail": person.email,
        "mailNickname": person.email.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": None,
        "onPremisesImmutableId": None,
        "onPremisesSamAccountName": None,
        "onPremisesSyncEnabled": None,
        "onPremisesUserPrincipalName": None,
        "otherMails": [],
        "postalCode": None,
        "preferredLanguage": None,
        "proxyAddresses": [f"SMTP:{person.email}"],
        "securityIdentifier": None,
        "state": None,
        "streetAddress": None,
        "surname": person.last_name,
        "usageLocation": None,
        "userPrincipalName": person.user_principal_name,
        "userType": "Member",
    }


def new_group(display_name: str, created: str) -> dict[str, JsonValue]:
    """The properties of a security group (without id)."""
    return {
        "classification": None,
        "createdDateTime": created,
        "deletedDateTime": None,
        "description": None,
        "displayName": display_name,
        "expirationDateTime": None,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mail": None,
        "mailEnabled": False,
        "mailNickname": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "onPremisesDomainName": None,
        "onPremisesNetBiosName": None,
        "onPremisesSamAccountName": None,
        "onPremisesSecurityIdentifier": None,
        "onPremisesSyncEnabled": None,
        "preferredLanguage": None,
        "proxyAddresses": [],
        "renewedDateTime": created,
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "securityEnabled": True,
        "theme": None,
        "uniqueName": None,
        "visibility": None,
        "writebackConfiguration": {"isEnabled": None, "onPremisesGroupType": None},
    }


def new_application(
    display_name: str, app_id: str, created: str, template_id: str | None = None
) -> dict[str, JsonValue]:
    """The properties of an application registration (without id)."""
    return {
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
            "requestedAccessTokenVersion": None,
        },
        "appId": app_id,
        "appRoles": list(TEMPLATE_ROLES) if template_id else [],
        "applicationTemplateId": template_id,
        "createdDateTime": created,
        "defaultRedirectUri": None,
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": display_name,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "info": _links(),
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": False,
        "keyCredentials": [],
        "notes": None,
        "oauth2RequirePostResponse": False,
        "optionalClaims": None,
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "publisherDomain": "example.com",
        "requiredResourceAccess": [],
        "samlMetadataUrl": None,
        "serviceManagementReference": None,
        "signInAudience": "AzureADMyOrg",
        "spa": {"redirectUris": []},
        "tags": [],
        "tokenEncryptionKeyId": None,
        "verifiedPublisher": _publisher(),
        "web": {
            "homePageUrl": None,
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": False,
                "enableIdTokenIssuance": False,
            },
            "logoutUrl": None,
            "redirectUriSettings": [],
            "redirectUris": [],
        },
    }


def new_service_principal(
    application: dict[str, JsonValue], tags: list[JsonValue], tenant_id: str, created: str
) -> dict[str, JsonValue]:
    """The properties of an application's service principal (without id)."""
    name, app_id = application["displayName"], application["appId"]
    return {
        "accountEnabled": True,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": None,
        "appDisplayName": name,
        "appId": app_id,
        "appOwnerOrganizationId": tenant_id,
        "appRoleAssignmentRequired": bool(application["applicationTemplateId"]),
        "appRoles": application["appRoles"],
        "applicationTemplateId": application["applicationTemplateId"],
        "createdDateTime": created,
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": name,
        "homepage": None,
        "info": _links(),
        "keyCredentials": [],
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": [],
        "samlSingleSignOnSettings": None,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": tags,
        "tokenEncryptionKeyId": None,
        "verifiedPublisher": _publisher(),
    }


def _links() -> dict[str, JsonValue]:
    names = ("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")
    return dict.fromkeys(names)


def _publisher() -> dict[str, JsonValue]:
    return {"addedDateTime": None, "displayName": None, "verifiedPublisherId": None}
