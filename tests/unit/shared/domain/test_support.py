from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arm_id import parse_vm_id
from shared.domain.matching import evaluate
from shared.domain.model import OS_DISK, UNPROTECTED, Disk, Image, Observation, ProtectionState, State, Verdict, Vm
from shared.domain.planning import plan
from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from shared.domain.reasons import Reason
from shared.domain.support import default_policy, needs_enhanced, obstacles, unsupported
from tests.fakes import START, a_vault, a_vm, an_item
from tests.policies import compiled

TB = 1024
OS = Disk(OS_DISK, 128, "Premium_LRS")
CLASSIC = parse_vm_id(a_vm().id.text.replace("Microsoft.Compute", "Microsoft.ClassicCompute"))
NO_CHOICE = compiled("mode: enforce\nrules: [{name: all, priority: 1, match: {}}]")


def with_disks(count: int, size: int | None = 100, *, managed: bool = True) -> tuple[Disk, ...]:
    """An OS disk and so many data disks."""
    return (replace(OS, managed=managed), *(Disk(lun, size, managed=managed) for lun in range(count)))


@pytest.mark.parametrize(
    ("vm", "reason", "evidence"),
    [
        (
            a_vm(ephemeral_os_disk=True),
            Reason.UNSUPPORTED_EPHEMERAL_OS_DISK,
            "osDisk.diffDiskSettings.option is Local",
        ),
        (
            a_vm(image=Image("CoreOS", "CoreOS", "Stable")),
            Reason.UNSUPPORTED_OPERATING_SYSTEM,
            "CoreOS: image CoreOS CoreOS Stable",
        ),
        (
            a_vm(image=Image("acme", "appliance", "9-x86")),
            Reason.UNSUPPORTED_OPERATING_SYSTEM,
            "32 bits: image acme appliance 9-x86",
        ),
        (
            a_vm(image=Image("acme", "linux-i686")),
            Reason.UNSUPPORTED_OPERATING_SYSTEM,
            "32 bits: image acme linux-i686",
        ),
        (
            a_vm(image=Image("acme", "win", "7-32bit")),
            Reason.UNSUPPORTED_OPERATING_SYSTEM,
            "32 bits: image acme win 7-32bit",
        ),
        (
            a_vm(security_type="ConfidentialVM", encryption=("customer",)),
            Reason.UNSUPPORTED_CONFIDENTIAL_CMK,
            "Confidential VM with a customer-managed key",
        ),
        (a_vm(disks=with_disks(33)), Reason.UNSUPPORTED_TOO_MANY_DISKS, "33 data disks, 32 at most"),
        (
            a_vm(disks=with_disks(17, managed=False)),
            Reason.UNSUPPORTED_TOO_MANY_DISKS,
            "17 unmanaged disks, 16 at most",
        ),
        (
            replace(a_vm(disks=with_disks(17)), id=CLASSIC),
            Reason.UNSUPPORTED_TOO_MANY_DISKS,
            "17 unmanaged disks, 16 at most",
        ),
        (
            a_vm(disks=(OS, Disk(3, 32 * TB + 1))),
            Reason.UNSUPPORTED_DISK_TOO_LARGE,
            "the disk at LUN 3 has 32769 GB, 32768 at most",
        ),
        (
            a_vm(disks=(Disk(OS_DISK, 33 * TB),)),
            Reason.UNSUPPORTED_DISK_TOO_LARGE,
            "the OS disk has 33792 GB, 32768 at most",
        ),
        (a_vm(disks=with_disks(8, 32 * TB)), Reason.UNSUPPORTED_TOTAL_SIZE, "262272 GB, 262144 at most"),
    ],
)
def test_what_azure_takes_under_no_policy_has_its_reason_with_the_evidence(
    vm: Vm, reason: Reason, evidence: str
) -> None:
    found = unsupported(vm)
    assert found is not None
    assert (found.reason, found.detail) == (reason, evidence)


SUPPORTED = [
    a_vm(),
    a_vm(disks=with_disks(32)),
    a_vm(disks=with_disks(16, managed=False)),
    replace(a_vm(disks=with_disks(16, managed=False)), id=CLASSIC),
    a_vm(disks=(Disk(OS_DISK, 0), *(Disk(lun, 32 * TB) for lun in range(8)))),  # 256 TB
    a_vm(disks=with_disks(20, None)),  # deallocated: no sizes are shown
    a_vm(disks=(OS, Disk(0, 64, "Premium_LRS", write_accelerator=True))),
    a_vm(encryption=("ade",)),
    a_vm(encryption=("customer", "host")),
    a_vm(security_type="TrustedLaunch"),
    a_vm(security_type="TrustedLaunch", encryption=("customer",)),
    a_vm(priority="Spot"),
    a_vm(power_state="deallocated"),
    a_vm(size="Standard_B1s"),  # one core: protected in practice, whatever the documentation says
    a_vm(image=Image("Canonical", "ubuntu", "server-x86_64")),
    a_vm(image=Image("acme", "windows-x86-64", "10")),
    a_vm(image=Image(id="/subscriptions/x/images/coreos")),  # an image of one's own may be named anything
]


@pytest.mark.parametrize("vm", SUPPORTED)
def test_what_azure_takes_is_not_held_up(vm: Vm) -> None:
    assert unsupported(vm) is None
    assert needs_enhanced(vm) is None
    assert default_policy(vm) == "DefaultPolicy"
    assert obstacles(vm, None, "DefaultPolicy") == ()


ENHANCED = [
    (a_vm(disk_types=("Premium_LRS", "UltraSSD_LRS")), "Ultra disk"),
    (a_vm(disk_types=("premiumv2_lrs",)), "Premium SSD v2 disk"),
    (a_vm(security_type="ConfidentialVM"), "Confidential VM"),
]


@pytest.mark.parametrize(("vm", "evidence"), ENHANCED)
def test_what_only_an_enhanced_policy_takes_says_why(vm: Vm, evidence: str) -> None:
    needed = needs_enhanced(vm)
    assert needed is not None
    assert (needed.reason, needed.detail) == (Reason.NEEDS_ENHANCED_POLICY, evidence)
    assert default_policy(vm) == "EnhancedPolicy"
    assert unsupported(vm) is None


STANDARD = [
    (None, "DefaultPolicy"),
    (BackupPolicyChoice(name="defaultpolicy"), "defaultpolicy"),
    (BackupPolicyChoice.model_validate({"name": "Gold", "type": "Standard"}), "Gold"),
    (BackupPolicyChoice.model_validate({"name": "Gold", "retain": {"daily": "P30D"}}), "Gold"),
]
OTHERS = [
    (None, "EnhancedPolicy"),
    (BackupPolicyChoice(name="Gold"), "Gold"),  # only the vault knows
    (BackupPolicyChoice.model_validate({"name": "Gold", "type": "Enhanced"}), "Gold"),
    (BackupPolicyChoice.model_validate({"name": "DefaultPolicy", "type": "Enhanced"}), "DefaultPolicy"),
    (BackupPolicyChoice.model_validate({"fromTag": "tier"}), "Gold"),
    (BackupPolicyChoice.model_validate({"fromTag": "tier"}), ""),
]


@pytest.mark.parametrize(("vm", "evidence"), ENHANCED)
@pytest.mark.parametrize(("choice", "wanted"), STANDARD)
def test_a_standard_policy_stands_in_the_way_of_these(
    vm: Vm, evidence: str, choice: BackupPolicyChoice | None, wanted: str
) -> None:
    (found,) = obstacles(vm, choice, wanted)
    assert (found.reason, found.detail) == (Reason.NEEDS_ENHANCED_POLICY, f"{evidence}, policy {wanted}")


@pytest.mark.parametrize(("choice", "wanted"), OTHERS)
def test_a_policy_that_is_enhanced_or_not_known_stands_in_nobodys_way(
    choice: BackupPolicyChoice | None, wanted: str
) -> None:
    assert all(obstacles(vm, choice, wanted) == () for vm, _ in ENHANCED)


def verdict_of(vm: Vm, rule: str = "", state: ProtectionState = ProtectionState.NONE) -> tuple[Verdict, int]:
    """The verdict on the VM, and how many writes follow from it."""
    policy = compiled(f"mode: enforce\nrules: [{{name: all, priority: 1, match: {{}}{rule}}}]") if rule else NO_CHOICE
    item = UNPROTECTED if state is ProtectionState.NONE else an_item(vm.id, state, a_vault())
    seen = Observation(vm, item, (a_vault(),), START)
    verdict = evaluate(seen, policy, START)
    return verdict, len(plan(seen, verdict, policy))


def test_an_unsupported_vm_is_left_alone_unless_azure_took_it_already() -> None:
    vm = a_vm(disks=with_disks(33))
    verdict, writes = verdict_of(vm)
    assert (verdict.state, [str(each) for each in verdict.reasons], writes) == (
        State.NOT_APPLICABLE,
        ["The VM has more data disks than Azure Backup supports (33 data disks, 32 at most)"],
        0,
    )
    assert verdict_of(vm, state=ProtectionState.PROTECTED)[0].state is State.COMPLIANT


def test_a_vm_whose_last_change_failed_waits_for_its_repair() -> None:
    vm = a_vm(provisioning_state="Failed")
    verdict, writes = verdict_of(vm)
    assert (verdict.state, writes) == (State.NON_COMPLIANT, 0)
    assert [each.reason for each in verdict.reasons] == [Reason.UNPROTECTED, Reason.VM_NOT_READY]
    assert verdict_of(vm, state=ProtectionState.PROTECTED)[0].state is State.COMPLIANT


@pytest.mark.parametrize(("vm", "_"), ENHANCED)
def test_a_rule_without_a_policy_is_given_the_one_that_fits_and_a_standard_one_is_refused(vm: Vm, _: str) -> None:
    verdict, writes = verdict_of(vm)
    assert [each.reason for each in verdict.reasons] == [Reason.UNPROTECTED]
    assert writes == 2
    verdict, writes = verdict_of(vm, ", backupPolicy: DefaultPolicy")
    assert (verdict.state, writes) == (State.NON_COMPLIANT, 0)
    assert verdict.has(Reason.NEEDS_ENHANCED_POLICY)
    assert not verdict_of(vm, ", backupPolicy: {name: Gold, type: Enhanced}")[0].has(Reason.NEEDS_ENHANCED_POLICY)


@given(
    st.lists(st.none() | st.integers(0, 70 * TB), max_size=40),
    st.booleans(),
    st.integers(0, 40),
)
def test_taking_a_disk_away_never_makes_a_vm_unsupported(sizes: list[int | None], managed: bool, number: int) -> None:
    disks = tuple(Disk(lun, size, managed=managed) for lun, size in enumerate(sizes, OS_DISK))
    fewer = tuple(each for each in disks if each.lun != number)
    if unsupported(a_vm(disks=disks)) is None:
        assert unsupported(a_vm(disks=fewer)) is None
