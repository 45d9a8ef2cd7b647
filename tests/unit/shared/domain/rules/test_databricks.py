import pytest

from shared.domain.attributes import Subject
from shared.domain.model import Image, Vm
from shared.domain.reasons import Reason
from shared.domain.rules.databricks import check
from tests.fakes import START, SUB, a_vm

WORKSPACE = f"/subscriptions/{SUB}/resourceGroups/x/providers/Microsoft.Databricks/workspaces/w"


@pytest.mark.parametrize(
    "vm",
    [
        a_vm(image=Image(publisher="AzureDatabricks")),
        a_vm(group="Databricks-RG-abc-123"),
        a_vm(tags={"vendor": "Databricks"}),
        a_vm(group_managed_by=WORKSPACE),
        a_vm(managed_by=WORKSPACE.upper()),
        a_vm(managed_by=WORKSPACE, group_managed_by="/subscriptions/x"),
        a_vm(managed_by="/subscriptions/x", group_managed_by=WORKSPACE),
    ],
)
def test_each_evidence_alone_suffices(vm: Vm) -> None:
    assert check(Subject(vm, START)) is Reason.EXCLUDED_DATABRICKS


@pytest.mark.parametrize(
    "vm", [a_vm(), a_vm(name="databricks-gateway"), a_vm(group="my-databricks-rg-1"), a_vm(tags={"Vendor": "Contoso"})]
)
def test_a_name_that_only_sounds_like_it_does_not(vm: Vm) -> None:
    assert check(Subject(vm, START)) is None
