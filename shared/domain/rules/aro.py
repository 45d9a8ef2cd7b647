"""Nodes of Azure Red Hat OpenShift: the cluster makes and replaces them, and a deny assignment guards their group.

Evidence, any of which suffices: the image publisher that Azure Policy's own built-in excludes (azure-policy,
VirtualMachineBackup_DINE 9.5.0), or a node resource group whose `managedBy` names an OpenShift cluster.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_ARO on any of the evidence."""
    evidence = (
        "/providers/microsoft.redhatopenshift/" in subject.managers
        or subject.vm.image.publisher.lower() == "azureopenshift"
    )
    return Reason.EXCLUDED_ARO if evidence else None
