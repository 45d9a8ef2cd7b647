from shared.domain.attributes import Subject
from shared.domain.reasons import Reason
from shared.domain.rules import being_deleted, ephemeral_os_disk
from tests.fakes import START, a_vm


def test_a_vm_that_azure_deletes_is_left_alone() -> None:
    assert being_deleted.check(Subject(a_vm(provisioning_state="Deleting"), START)) is Reason.VM_BEING_DELETED
    assert being_deleted.check(Subject(a_vm(provisioning_state="Failed"), START)) is None


def test_an_ephemeral_os_disk_cannot_be_backed_up() -> None:
    assert ephemeral_os_disk.check(Subject(a_vm(ephemeral_os_disk=True), START)) is Reason.UNSUPPORTED_EPHEMERAL_OS_DISK
    assert ephemeral_os_disk.check(Subject(a_vm(), START)) is None
