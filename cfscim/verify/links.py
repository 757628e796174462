"""Where a person puts right what a check found: pages of the three consoles."""

from dataclasses import dataclass

from cfscim.config.checklist import okta_app_link
from cfscim.config.clouds import CLOUDS, CloudName
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.vendors.entra.models import bare
from cfscim.verify.outputs import StackOutputs


@dataclass(frozen=True)
class CloudflareLinks:
    """Pages of Cloudflare's dashboard."""

    tokens: str
    members: str
    groups: str

    @classmethod
    def of(cls, config: ScimConfig) -> "CloudflareLinks":
        """For the stack's account."""
        home = f"https://dash.cloudflare.com/{config.account.id}"
        own = "https://dash.cloudflare.com/profile/api-tokens"
        tokens = f"{home}/api-tokens" if config.token.owner == "account" else own
        return cls(tokens, f"{home}/members", f"{home}/members/groups")


@dataclass(frozen=True)
class OktaLinks:
    """Pages of Okta's admin console."""

    config: OktaConfig
    app_id: str
    domain: str

    @property
    def provisioning(self) -> str:
        """The app's provisioning tab."""
        return okta_app_link(self.config, self.app_id, self.domain)

    @property
    def general(self) -> str:
        """The app's general tab."""
        return self._tab("general")

    @property
    def assignments(self) -> str:
        """Who is assigned to the app."""
        return self._tab("assignments")

    @property
    def pushes(self) -> str:
        """The groups that the app pushes."""
        return self._tab("group-push")

    def _tab(self, name: str) -> str:
        return self.provisioning.replace("#tab-provisioning", f"#tab-{name}")

    def group(self, group_id: str) -> str:
        """A group's page."""
        return f"https://{self.config.org_name}-admin.{self.domain}/admin/group/{group_id}"


@dataclass(frozen=True)
class EntraLinks:
    """Pages of the Entra admin center in the stack's cloud; `graph`: Graph's base address."""

    service_principal_id: str
    job_id: str
    portal: str = CLOUDS["global"].portal
    graph: str = CLOUDS["global"].graph

    @classmethod
    def of(cls, outputs: StackOutputs, cloud: CloudName = "global") -> "EntraLinks":
        """For the stack's application."""
        return cls(
            bare(outputs.service_principal_id or ""),
            bare(outputs.synchronization_job_id or ""),
            CLOUDS[cloud].portal,
            CLOUDS[cloud].graph,
        )

    @property
    def people(self) -> str:
        """All users of the tenant."""
        return (
            f"{self.portal}/#view/Microsoft_AAD_UsersAndTenants/UserManagementMenuBlade/~/AllUsers"
        )

    @property
    def app(self) -> str:
        """The enterprise application."""
        return self._blade("Overview")

    @property
    def provisioning(self) -> str:
        """Its provisioning page."""
        return self._blade("Provisioning")

    @property
    def assignments(self) -> str:
        """Its users and groups."""
        return self._blade("Users")

    def group(self, group_id: str) -> str:
        """A group's members."""
        blade = "Microsoft_AAD_IAM/GroupDetailsMenuBlade/~/Members/groupId"
        return f"{self.portal}/#view/{blade}/{group_id}"

    def _blade(self, name: str) -> str:
        return (
            f"{self.portal}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/{name}"
            f"/objectId/{self.service_principal_id}"
        )
