from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.advice import Advice
from shared.domain.azure_answers import BackupJob
from shared.domain.job_advice import FRESH, job_advisories, job_detail
from shared.domain.troubleshooting import WHERE_TO_LOOK, advice_for
from tests.fakes import START, vm_id

NOW = START
ADVICE = {"Backup": Advice.BACKUP_JOB_FAILED, "ConfigureBackup": Advice.CONFIGURE_JOB_FAILED}
VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"


def a_job(
    status: str = "Failed", ago: float = 1, operation: str = "Backup", vm: str = "web-01", **more: str
) -> BackupJob:
    return replace(
        BackupJob(
            id=f"{VAULT}/backupJobs/{vm}-{operation}-{ago:g}",
            operation=operation,
            status=status,
            item_container=f"iaasvmcontainerv2;app-rg;{vm}",
            started=NOW - timedelta(hours=ago),
            name=vm,
            vault_id=VAULT,
            vm_id=vm_id(vm).key,
        ),
        **more,  # type: ignore[arg-type]  # a test names the texts it changes
    )


def test_a_failed_backup_is_told_with_azures_code_title_and_recommendations_and_our_remedy() -> None:
    job = replace(
        a_job(error_code="400206", error="ExtensionSnapshotFailedNoNetwork", error_text="No network."),
        recommendations=("Open port 443.", "Try again."),
    )
    [advisory] = job_advisories([job], NOW)
    assert advisory.advice is Advice.BACKUP_JOB_FAILED
    assert (advisory.resource_id, advisory.vm) == (job.id, vm_id())
    remedy = advice_for("400206").remedy
    told = f"400206 ExtensionSnapshotFailedNoNetwork. Open port 443. Try again. Remedy: {remedy}"
    assert (advisory.detail, "168.63.129.16" in remedy) == (told, True)


def test_an_error_that_nobody_knows_is_told_whole() -> None:
    job = replace(a_job(error_code="498765", error="UserErrorBrandNew", error_text="In Azure's own words."))
    told = f"498765 UserErrorBrandNew. In Azure's own words. Remedy: {WHERE_TO_LOOK}"
    assert job_detail(job) == told


def test_a_failed_set_up_has_advice_of_its_own() -> None:
    found = job_advisories([a_job(operation="ConfigureBackup"), a_job("Completed", 0.5)], NOW)
    assert [each.advice for each in found] == [Advice.CONFIGURE_JOB_FAILED]


def test_without_a_reason_of_azures_the_status_is_told() -> None:
    assert job_detail(a_job()) == "Backup Failed, and Azure does not say why"
    assert job_detail(a_job(error_text="Only words.")) == "Only words"


def test_a_later_success_or_try_silences_a_failure_and_a_cancelled_one_does_not() -> None:
    for status, told in (
        ("Completed", 0),
        ("CompletedWithWarnings", 0),
        ("InProgress", 0),
        ("Cancelled", 1),
        ("Cancelling", 1),
        ("Failed", 1),
    ):
        assert len(job_advisories([a_job("Failed", 3), a_job(status, 2)], NOW)) == told, status


def test_an_earlier_success_silences_nothing() -> None:
    assert len(job_advisories([a_job("Completed", 3), a_job("Failed", 2)], NOW)) == 1


def test_old_failures_and_such_without_a_time_are_left_alone() -> None:
    week = FRESH / timedelta(hours=1)
    assert len(job_advisories([a_job(ago=week)], NOW)) == 1
    assert job_advisories([a_job(ago=week + 0.1)], NOW) == ()
    assert job_advisories([replace(a_job(), started=None)], NOW) == ()


def test_other_operations_are_no_backups() -> None:
    others = ["Restore", "DisableBackup", "DeleteBackupData", "Undelete", "SomethingNew"]
    assert job_advisories([a_job(operation=each) for each in others], NOW) == ()


def test_twins_in_two_groups_are_two_vms_with_and_without_ids() -> None:
    one, other = a_job("Failed", 2), a_job("Completed", 1, vm_id=vm_id(group="other-rg").key)
    assert len(job_advisories([one, other], NOW)) == 1
    bare = [
        replace(one, vm_id=""),
        replace(other, vm_id="", item_container="iaasvmcontainerv2;other-rg;web-01"),
    ]
    [advisory] = job_advisories(bare, NOW)
    assert advisory.vm is None


def test_a_classic_vm_is_told_by_its_job_alone() -> None:
    classic = "/subscriptions/s/resourcegroups/g/providers/microsoft.classiccompute/virtualmachines/old"
    [advisory] = job_advisories([a_job(vm_id=classic)], NOW)
    assert (advisory.vm, advisory.resource_id) == (None, a_job().id)


JOBS = st.lists(
    st.builds(
        a_job,
        st.sampled_from(["Failed", "Completed", "CompletedWithWarnings", "InProgress", "Cancelled", "New"]),
        st.integers(0, 200),
        st.sampled_from(["Backup", "backup", "ConfigureBackup", "Restore"]),
        st.sampled_from(["web-01", "web-02"]),
    ),
    max_size=12,
    unique_by=lambda job: (job.vm_id, job.operation.lower(), job.started),
)


@given(JOBS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(jobs: Sequence[BackupJob], random: Random) -> None:
    shuffled = [*jobs, *jobs]
    random.shuffle(shuffled)
    assert job_advisories(shuffled, NOW) == job_advisories(jobs, NOW)


@given(JOBS)
def test_each_vm_has_at_most_one_advice_for_each_operation_and_only_of_a_failed_last_job(
    jobs: Sequence[BackupJob],
) -> None:
    found = job_advisories(jobs, NOW)
    assert len({(each.vm, each.advice) for each in found}) == len(found)
    for each in found:
        [job] = [job for job in jobs if job.id == each.resource_id]
        assert job.failed
        alike = [
            other for other in jobs if (other.vm_id, other.operation.lower()) == (job.vm_id, job.operation.lower())
        ]
        assert not [other for other in alike if other.started > job.started and not other.cancelled]  # type: ignore[operator]


@given(JOBS, st.sampled_from(sorted(ADVICE)))
def test_a_success_now_silences_every_failure_of_its_vm_and_operation(jobs: list[BackupJob], operation: str) -> None:
    earlier = [job for job in jobs if job.started != NOW]
    found = job_advisories([*earlier, a_job("Completed", 0, operation)], NOW)
    assert not [each for each in found if (each.vm, each.advice) == (vm_id(), ADVICE[operation])]
