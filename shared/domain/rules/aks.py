"""AKS nodes: the cluster makes and replaces them, and their state lives elsewhere.

Evidence, any of which suffices: the node resource group's `managedBy` names a managed cluster, the VM carries one of
the `aks-managed-` tags, or its group has the default node group name `MC_<group>_<cluster>_<region>`.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_AKS on any of the evidence."""
    vm = subject.vm
    cluster = "/providers/microsoft.containerservice/"
    group = vm.id.resource_group.lower()
    evidence = (
        cluster in vm.group_managed_by.lower()
        or cluster in vm.managed_by.lower()
        or any(name.startswith("aks-managed-") for name in subject.tags)
        or (group.startswith("mc_") and group.count("_") >= 3)
    )
    return Reason.EXCLUDED_AKS if evidence else None
