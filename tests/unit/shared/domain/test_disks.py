import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.disks import disk_gb, selected_disks
from shared.domain.model import OS_DISK, Disk, DiskSelection
from tests.fakes import a_vm

VM = a_vm(disks=(Disk(OS_DISK, 128), Disk(0, 100), Disk(4, 1000)))
SIZES = st.none() | st.integers(1, 65536)
DISKS = st.lists(st.tuples(st.integers(0, 63), SIZES), unique_by=lambda each: each[0], max_size=8)


@pytest.mark.parametrize(
    ("selection", "luns", "together"),
    [
        (None, [OS_DISK, 0, 4], 1228),
        (DiskSelection((4,), including=False), [OS_DISK, 0], 228),
        (DiskSelection((4,), including=True), [OS_DISK, 4], 1128),
        (DiskSelection((), including=True), [OS_DISK], 128),
        (DiskSelection((9,), including=False), [OS_DISK, 0, 4], 1228),
    ],
)
def test_a_selection_names_data_disks_and_the_os_disk_is_always_in(
    selection: DiskSelection | None, luns: list[int], together: int
) -> None:
    assert [each.lun for each in selected_disks(VM, selection)] == luns
    assert disk_gb(VM, selection) == together


def test_what_a_vm_does_not_show_is_not_known() -> None:
    assert disk_gb(a_vm()) is None
    unknown = a_vm(disks=(Disk(OS_DISK, 128), Disk(0, None)))
    assert disk_gb(unknown) is None
    assert disk_gb(unknown, DiskSelection((0,), including=False)) == 128


@given(SIZES, DISKS, st.sets(st.integers(0, 63)))
def test_taking_some_and_leaving_out_the_same_make_up_the_whole(
    os_disk: int | None, data: list[tuple[int, int | None]], luns: set[int]
) -> None:
    vm = a_vm(disks=(Disk(OS_DISK, os_disk), *(Disk(lun, size) for lun, size in data)))
    parts = [disk_gb(vm, DiskSelection(tuple(luns), including=each)) for each in (True, False)]
    whole = disk_gb(vm)
    if whole is None:
        assert None in parts
    else:
        assert os_disk is not None
        assert sum(each for each in parts if each is not None) == whole + os_disk
