"""What becomes of an operation of ours that failed: by its code it is started again, or it is a finding."""

from datetime import timedelta

import pytest

from shared.domain.azure_answers import BackupJob
from shared.domain.model import ProtectionState, State, Status, Vm
from shared.domain.troubleshooting import WHERE_TO_LOOK, advice_for
from shared.errors import PermanentError
from shared.follow import FIRST_PAUSE, FORGOTTEN_AFTER, TRIED_FOR
from tests.fakes import START, World, a_vault, a_vm, active_items, an_item
from tests.policies import demo_policy

VAULT = a_vault()


class Always(dict[str, str]):
    """Errors of operations that are met with every try."""

    def pop(self, key: str, default: object = None) -> object:  # type: ignore[override]
        return self.get(key, default)


def world() -> tuple[World, Vm]:
    made = World(demo_policy())
    made.azure.vaults.append(VAULT)
    return made, made.azure.add(a_vm())


async def test_a_passing_failure_is_tried_again_by_itself() -> None:
    here, vm = world()
    here.azure.operation_errors[vm.id.key] = "CloudInternalError"
    await here.request(vm)
    await here.run()
    assert [method for method, _ in here.azure.writes] == ["protect", "protect", "start_backup"]
    assert here.finding(vm).verdict.state is State.COMPLIANT
    assert len(active_items(here.azure, vm)) == 1
    assert here.clock.now() >= START + FIRST_PAUSE
    assert not [key for key in here.memory.intents if key.startswith("failing|")]


async def test_a_failure_that_does_not_pass_ends_as_a_finding_after_a_few_tries_ever_farther_apart() -> None:
    here, vm = world()
    here.azure.operation_errors = Always({vm.id.key: "CloudInternalError"})
    await here.request(vm)
    await here.run()
    found = here.finding(vm)
    assert (found.outcome.status, found.outcome.error_code) == (Status.FAILED, "CloudInternalError")
    assert found.outcome.remedy == advice_for("CloudInternalError").remedy
    assert 4 <= len(here.azure.writes) <= 9
    assert TRIED_FOR <= here.clock.now() - START <= 3 * TRIED_FOR
    assert not [key for key in here.memory.intents if key.startswith("failing|")]


async def test_a_failure_of_last_week_does_not_count_against_todays() -> None:
    here, vm = world()
    here.azure.operation_errors[vm.id.key] = "CloudInternalError"
    await here.request(vm)
    await here.step()
    here.clock.moment += timedelta(minutes=2)
    await here.step()
    assert [key for key in here.memory.intents if key.startswith("failing|")]
    here.clock.moment += FORGOTTEN_AFTER + timedelta(days=6)
    here.azure.operation_errors[vm.id.key] = "CloudInternalError"
    await here.run()
    assert here.finding(vm).verdict.state is State.COMPLIANT


@pytest.mark.parametrize("code", ["UserErrorVmNotInDesirableState", "BMSUserErrorOfNextYear"])
async def test_any_other_failure_is_a_finding_at_once_with_its_remedy(code: str) -> None:
    here, vm = world()
    here.azure.operation_errors[vm.id.key] = code
    await here.request(vm)
    await here.run()
    outcome = here.finding(vm).outcome
    assert (outcome.status, outcome.error_code, outcome.error) == (Status.FAILED, code, "as told")
    assert outcome.remedy == advice_for(code).remedy
    assert len(here.azure.writes) == 1


@pytest.mark.parametrize(
    ("code", "title", "remedy"),
    [
        ("400206", "ExtensionSnapshotFailedNoNetwork", advice_for("400206").remedy),
        ("7", "UserErrorFsFreezeFailed", advice_for("UserErrorFsFreezeFailed").remedy),
        ("320001", "ResourceNotFound", advice_for("320001").remedy),
        ("7", "Something new", WHERE_TO_LOOK),
    ],
)
async def test_a_failed_first_backup_is_told_with_the_remedy_of_its_code(code: str, title: str, remedy: str) -> None:
    here, vm = world()
    here.azure.add(vm, an_item(vm.id, ProtectionState.FIRST_BACKUP_PENDING, VAULT))
    here.azure.jobs.append((vm.id.key, BackupJob("j", "Backup", "Failed", "", START, error_code=code, error=title)))
    await here.request(vm)
    await here.run()
    outcome = here.finding(vm).outcome
    assert (outcome.status, outcome.error_code, outcome.error) == (Status.FAILED, code, title)
    assert outcome.remedy.startswith(remedy)
    assert outcome.remedy.count("--backup-now") == 1
    assert here.azure.writes == []


async def test_a_refused_write_of_an_unknown_code_says_where_to_look() -> None:
    here, vm = world()
    here.azure.fail["protect"].append(PermanentError("no", code="BMSUserErrorOfNextYear"))
    await here.request(vm)
    await here.run()
    assert here.finding(vm).outcome.remedy == WHERE_TO_LOOK
