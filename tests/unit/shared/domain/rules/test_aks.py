import pytest

from shared.domain.attributes import Subject
from shared.domain.model import Vm
from shared.domain.reasons import Reason
from shared.domain.rules.aks import check
from tests.fakes import START, SUB, a_vm

CLUSTER = f"/subscriptions/{SUB}/resourcegroups/x/providers/Microsoft.ContainerService/managedClusters/c"


@pytest.mark.parametrize(
    "vm",
    [
        a_vm(group="MC_shop_cluster1_westeurope"),
        a_vm(group_managed_by=CLUSTER),
        a_vm(managed_by=CLUSTER),
        a_vm(tags={"AKS-managed-poolName": "nodepool1"}),
    ],
)
def test_each_evidence_alone_suffices(vm: Vm) -> None:
    assert check(Subject(vm, START)) is Reason.EXCLUDED_AKS


@pytest.mark.parametrize("vm", [a_vm(), a_vm(group="mc_team"), a_vm(group="MC"), a_vm(name="aks-jumpbox")])
def test_a_name_that_only_sounds_like_it_does_not(vm: Vm) -> None:
    assert check(Subject(vm, START)) is None
