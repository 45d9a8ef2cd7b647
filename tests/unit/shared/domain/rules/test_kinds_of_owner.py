"""The built-in exclusions with one kind of evidence each: what suffices, and what only sounds like it."""

from collections.abc import Callable

import pytest

from shared.domain.attributes import Subject
from shared.domain.model import Image, Vm
from shared.domain.reasons import Reason
from shared.domain.rules import aro, avd_pooled, batch, citrix, spot
from shared.domain.rules.vmss_uniform import check_id
from tests.fakes import START, SUB, a_vm, vm_id

CLUSTER = f"/subscriptions/{SUB}/resourcegroups/x/providers/Microsoft.RedHatOpenShift/OpenShiftClusters/c"
BATCH_GROUP = "AzureBatch-0a1b2c3d-0000-4000-8000-0123456789ab-C"


@pytest.mark.parametrize(
    ("check", "vm", "reason"),
    [
        (aro.check, a_vm(image=Image("AzureOpenShift")), Reason.EXCLUDED_ARO),
        (aro.check, a_vm(group_managed_by=CLUSTER), Reason.EXCLUDED_ARO),
        (aro.check, a_vm(managed_by=CLUSTER.lower()), Reason.EXCLUDED_ARO),
        (aro.check, a_vm(image=Image("RedHat"), group="aro-tools"), None),
        (avd_pooled.check, a_vm(host_pool_type="Pooled"), Reason.EXCLUDED_AVD_POOLED),
        (avd_pooled.check, a_vm(host_pool_type="Personal"), None),
        (avd_pooled.check, a_vm(tags={"cm-resource-parent": "/x/hostpools/pooled"}), None),
        (batch.check, a_vm(group=BATCH_GROUP), Reason.EXCLUDED_BATCH),
        (batch.check, a_vm(tags={"BatchAccountName": "b", "PoolName": "p"}), Reason.EXCLUDED_BATCH),
        (batch.check, a_vm(tags={"PoolName": "p"}), None),
        (batch.check, a_vm(group="azurebatch-jobs"), None),
        (citrix.check, a_vm(tags={"CitrixResource": ""}), Reason.EXCLUDED_CITRIX),
        (citrix.check, a_vm(tags={"CitrixProvisioningSchemeId": "1"}), Reason.EXCLUDED_CITRIX),
        (citrix.check, a_vm(tags={"citrix": "yes"}), None),
        (spot.check, a_vm(priority="Spot"), Reason.EXCLUDED_SPOT),
        (spot.check, a_vm(priority="low"), Reason.EXCLUDED_SPOT),
        (spot.check, a_vm(priority="Regular"), None),
        (spot.check, a_vm(), None),
    ],
)
def test_the_evidence_suffices_and_nothing_else_does(
    check: Callable[[Subject], Reason | None], vm: Vm, reason: Reason | None
) -> None:
    assert check(Subject(vm, START)) is reason


def test_an_instance_of_a_uniform_scale_set_is_known_by_its_id() -> None:
    group = vm_id().text.rsplit("/", 2)[0]
    instance = f"{group}/virtualMachineScaleSets/web/virtualMachines/0"
    assert check_id(instance) is check_id(instance.upper()) is Reason.EXCLUDED_VMSS_UNIFORM
    for other in (vm_id().text, f"{instance}/extensions/x", f"{group}/virtualMachineScaleSets/web", ""):
        assert check_id(other) is None
