"""Databricks cluster nodes: the workspace makes and deletes them, so a backup of one can never be restored to use.

Evidence, any of which suffices: the image publisher and the `databricks-rg-` group that Azure Policy's own built-in
excludes (azure-policy, VirtualMachineBackup_DINE 9.5.0), the vendor tag that Databricks puts on its nodes, and the
managed resource group's `managedBy`.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_DATABRICKS on any of the evidence."""
    evidence = (
        "/providers/microsoft.databricks/" in subject.managers
        or subject.group.startswith("databricks-rg-")
        or subject.vm.image.publisher.lower() == "azuredatabricks"
        or ("vendor" in subject.tags and subject.tags["vendor"].lower() == "databricks")
    )
    return Reason.EXCLUDED_DATABRICKS if evidence else None
