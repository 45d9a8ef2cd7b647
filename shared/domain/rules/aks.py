"""AKS nodes: the cluster makes and replaces them, and their state lives elsewhere.

Evidence, any of which suffices: the node resource group's `managedBy` names a managed cluster, the VM carries one of
the `aks-managed-` tags, or its group has the default node group name `MC_<group>_<cluster>_<region>`.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_AKS on any of the evidence."""
    evidence = (
        "/providers/microsoft.containerservice/" in subject.managers
        or (subject.group.startswith("mc_") and subject.group.count("_") >= 3)
        or _has_tag(subject)
    )
    return Reason.EXCLUDED_AKS if evidence else None


def _has_tag(subject: Subject) -> bool:
    for name in subject.tags:  # noqa: SIM110  # every VM is asked, and a generator costs more than the tests
        if name.startswith("aks-managed-"):
            return True
    return False
