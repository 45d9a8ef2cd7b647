"""What a recording as a whole tells of the resources in it: their bodies, and how vaults deleted at the time.

Pure: exchanges in, facts out. What of it goes into a world, and when, is in `prerequisites.py`.
"""

import re

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

    def body(self, kind: str, identity: str) -> Json | None:
        """The first body in the whole recording of the resource with this id."""
        return self.bodies.get((kind.lower(), identity.lower()))

    def location(self) -> str:
        """The region of most of what the recording shows."""
        found = [str(body["location"]) for body in self.bodies.values() if body.get("location")]
        return max(found, key=found.count, default="westus")


def vault_of(text: str) -> str:
    """The lower-cased id of the vault in a path; empty where there is none."""
    found = VAULT.match(text)
    return found[1].lower() if found else ""
