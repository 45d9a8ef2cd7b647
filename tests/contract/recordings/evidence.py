"""What a recording as a whole tells of the resources in it: their bodies, and how vaults deleted at the time.

Pure: exchanges in, facts out. What of it goes into a world, and when, is in `prerequisites.py`.
"""

import re
from datetime import UTC, datetime

from tests.contract.recordings.recording import Exchange, Json, resources

VAULT = re.compile(r"(/subscriptions/.*?/providers/Microsoft\.RecoveryServices/vaults/[^/]+)", re.IGNORECASE)
ITEM = re.compile(
    r".*/backupFabrics/[^/]+/protectionContainers/(?P<container>[^/]+)/protectedItems/(?P<item>[^/]+)", re.IGNORECASE
)


class Evidence:
    """One recording, read once from its beginning to its end."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.began = exchanges[0].at
        self.bodies: dict[tuple[str, str], Json] = {}
        #: `softDeleteFeatureState` of vaults, by lower-cased id, as far as the recording tells.
        self.soft_delete: dict[str, str] = {}
        #: Jobs that the recording shows ended, by lower-cased name: how and when.
        self.ends: dict[str, tuple[str, datetime]] = {}
        #: `osType` and `virtualMachineSize` of VMs, by the lower-cased name of their container.
        self.machines: dict[str, tuple[str, str]] = {}
        #: Vaults of before there was an EnhancedPolicy in each: their lists lack it.
        self.old_policies: set[str] = set()
        #: Jobs that operations of the recording name.
        self.jobs: set[str] = set()
        for exchange in exchanges:
            self._study(exchange)

    def _study(self, exchange: Exchange) -> None:
        for body in resources(exchange.response):
            kind, identity = str(body.get("type", "")).lower(), str(body.get("id", "")).lower()
            if kind and exchange.accepted:
                self.bodies.setdefault((kind.rsplit("/", 1)[-1], identity), body)
            properties = body.get("properties")
            if not isinstance(properties, dict):
                continue
            self._study_job_or_point(identity, properties)
            if "jobId" in properties:
                self.jobs.add(str(properties["jobId"]).lower())
            vault = vault_of(identity or exchange.path)
            if "softDeleteFeatureState" in properties:
                self.soft_delete.setdefault(vault, properties["softDeleteFeatureState"])
            elif properties.get("isScheduledForDeferredDelete") and self.soft_delete.get(vault) in (None, "Disabled"):
                self.soft_delete[vault] = "Enabled"
        if exchange.path.lower().endswith("/backuppolicies") and exchange.method == "GET" and exchange.accepted:
            names = {str(body.get("name")) for body in resources(exchange.response)}
            if "DefaultPolicy" in names and "EnhancedPolicy" not in names:
                self.old_policies.add(vault_of(exchange.path))
        if exchange.method == "DELETE" and exchange.accepted and ITEM.fullmatch(exchange.path):
            self.soft_delete.setdefault(vault_of(exchange.path), "Disabled")

    def _study_job_or_point(self, identity: str, properties: Json) -> None:
        ended = moment(properties.get("endTime"))
        if "/backupjobs/" in identity and ended is not None:
            self.ends[identity.rsplit("/", 1)[-1]] = (str(properties.get("status", "")), ended)
        item = ITEM.match(identity)
        if item and "virtualMachineSize" in properties:
            machine = str(properties.get("osType", "Linux")), str(properties["virtualMachineSize"])
            self.machines.setdefault(item["container"], machine)

    def body(self, kind: str, identity: str) -> Json | None:
        """The first body in the whole recording of the resource with this id."""
        return self.bodies.get((kind.lower(), identity.lower()))

    def location(self) -> str:
        """The region of most of what the recording shows."""
        found = [str(body["location"]) for body in self.bodies.values() if body.get("location")]
        return max(found, key=found.count, default="westus")


def moment(text: object) -> datetime | None:
    """A moment of the service's; None for none and for the far past that stands for `never`."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found.year > 2001 else None


def vault_of(text: str) -> str:
    """The lower-cased id of the vault in a path; empty where there is none."""
    found = VAULT.match(text)
    return found[1].lower() if found else ""
