"""What each kind of VM is made of: its tags, its image, its resource group, its oddities.

Opt-out dates keep well away from their boundaries, since a run may last a day of virtual time.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.core.state import group_id
from simulator.core.wire import Json
from simulator.estate import catalog

OPT_OUT = "backup-opt-out"


@dataclass
class Draft:
    """A VM before it is placed. `tags` None means that the VM has no tags at all."""

    tags: dict[str, str] | None
    image: Json
    os_type: str
    group: str
    managed_by: str | None = None
    ephemeral: bool = False
    shouts: bool = False
    state: str = "Succeeded"


class Maker:
    """Makes drafts. All randomness comes from `rng`; opt-outs are relative to `now`."""

    def __init__(self, rng: random.Random, now: datetime) -> None:
        self.rng, self.now = rng, now

    def draft(self, kind: str, subscription: str) -> Draft:
        """The making of one VM of this kind."""
        image = self.rng.choice(catalog.IMAGES)
        group = f"rg-{self.rng.choice(catalog.APPS)}"
        draft = Draft(self.tags(kind, group), catalog.platform_image(image), image[3], group)
        match kind:
            case "mixed-case-id":
                draft.group, draft.shouts = f"RG-{self.rng.choice(catalog.APPS).title()}-Legacy", True
            case "twin-unprotected":
                draft.group += "-blue"
            case "gallery-image":
                draft.image = catalog.gallery_image(subscription, f"golden-{draft.os_type.lower()}")
            case "databricks":
                self.databricks(draft, subscription)
            case "aks" | "aks-node":
                self.aks(draft, subscription)
            case "ephemeral-os-disk" | "ephemeral":
                draft.ephemeral = True
            case "excluded-resource-group":
                owner = self.rng.choice(catalog.OWNERS).replace(".", "-")
                draft.group = f"{self.rng.choice(('sandbox', 'Sandbox'))}-{owner}"
            case "being-deleted":
                draft.state = "Deleting"
        return draft

    def tags(self, kind: str, group: str) -> dict[str, str] | None:
        """The tags that go with this kind; most kinds have plain ones."""
        rng = self.rng
        prod = {rng.choice(("env", "Env", "ENV")): "prod", "app": group.removeprefix("rg-")}
        match kind:
            case "no-tags":
                return None
            case "prod":
                return prod
            case "protected" | "other-policy" if rng.random() < 0.3:
                return prod
            case "prod-opt-out":
                return prod | self.opt_out(self.valid_opt_out())
            case "opt-out-expired":
                return self.plain_tags() | self.opt_out(self.opt_out_text(-rng.randint(2, 60)))
            case "opt-out-too-long":
                return self.plain_tags() | self.opt_out(self.opt_out_text(rng.randint(120, 900)))
            case "opt-out-malformed":
                return self.plain_tags() | self.opt_out(self.malformed_opt_out())
            case "opted-out" | "opted-out-protected" | "opted-out-at-birth":
                return self.plain_tags() | self.opt_out(self.valid_opt_out())
        return self.plain_tags()

    def databricks(self, draft: Draft, subscription: str) -> None:
        """A Databricks worker, with two or more of the marks that tell one."""
        workspace = f"adb-{self.rng.choice(catalog.APPS)}"
        owner = f"{group_id(subscription, 'rg-analytics')}/providers/Microsoft.Databricks/workspaces/{workspace}"
        named, vendor = f"databricks-rg-{workspace}-x7k2", {"Vendor": "Databricks", "Creator": "a.keller"}
        plain = {"Creator": "a.keller"}
        marks: tuple[tuple[str, str | None, dict[str, str], bool], ...] = (
            (named, owner, vendor, True),
            (f"rg-{workspace}-managed", owner, vendor, False),
            (f"{named}-old", None, vendor, True),
            (f"rg-{workspace}-workers", owner, plain, True),
        )
        draft.group, draft.managed_by, draft.tags, imaged = self.rng.choice(marks)
        if imaged:
            draft.image, draft.os_type = catalog.platform_image(catalog.DATABRICKS_IMAGE), "Linux"

    def aks(self, draft: Draft, subscription: str) -> None:
        """A node of a Kubernetes cluster, with two or more of the marks that tell one."""
        cluster = f"aks-{self.rng.choice(catalog.APPS)}"
        owner = f"{group_id(subscription, 'rg-k8s')}/providers/Microsoft.ContainerService/managedClusters/{cluster}"
        node = {"aks-managed-poolName": "nodepool1", "aks-managed-createOperationID": catalog.uid(self.rng)}
        marks: tuple[tuple[str, str | None, dict[str, str]], ...] = (
            (f"MC_rg-k8s_{cluster}_weu", owner, node),
            (f"rg-{cluster}-nodes", owner, node),
            (f"MC_rg-k8s_{cluster}_old", None, node),
        )
        draft.group, draft.managed_by, draft.tags = self.rng.choice(marks)
        draft.image, draft.os_type = catalog.platform_image(catalog.AKS_IMAGE), "Linux"

    # -- tags -------------------------------------------------------------------------------------------------

    def plain_tags(self) -> dict[str, str]:
        rng = self.rng
        tags = {"app": rng.choice(catalog.APPS), "owner": rng.choice(catalog.OWNERS)}
        if rng.random() < 0.6:
            tags["env"] = rng.choice(catalog.ENVIRONMENTS)
        return tags

    def opt_out(self, text: str) -> dict[str, str]:
        """The tag; its name is spelt either way, since Azure compares tag names without case."""
        return {self.rng.choice((OPT_OUT, OPT_OUT, "Backup-Opt-Out")): text}

    def opt_out_text(self, days: int) -> str:
        until = (self.now + timedelta(days=days)).date().isoformat()
        reason = self.rng.choice(("ephemeral", "rebuilt from pipeline", "backed up by application"))
        reference = self.rng.choice(("", f"; ref=CHG{self.rng.randrange(100000):05}"))
        return f"reason={reason}; until={until}{reference}"

    def valid_opt_out(self) -> str:
        return self.opt_out_text(self.rng.randint(20, 80))

    def malformed_opt_out(self) -> str:
        day = (self.now + timedelta(days=40)).date().isoformat()
        worthless = ("yes", "true", "reason=", "until=tomorrow", "reason=test; until=tomorrow", "reason=ephemeral")
        return self.rng.choice((*worthless, f"until={day}", f"reason=; until={day}"))
