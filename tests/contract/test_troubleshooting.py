"""Every code of the backup service that is known, over real HTTP: refused at once, failed as operation, failed as job.

Each ends in its class, with its remedy: put off and tried again, or reported as failed with the code kept whole.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from shared.bootstrap import Backstop, open_backstop
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.model import Outcome, ReconcileRequest, Status
from shared.domain.reasons import Reason
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import WHERE_TO_LOOK, advice_for
from shared.settings import Settings
from simulator.server import running
from simulator.world import World
from tests.policies import compiled
from tests.simulator.client import Client

RULES = "rules: [{name: default, priority: 1, match: {}}]"
POLICY = f"mode: enforce\nsettle: PT0S\nlimits: {{maxActions: {{amount: 1000}}}}\n{RULES}"
#: Codes of the service, documented or seen, and what each is for us. The last three are those that nobody knows.
PASSING = (
    "BMSUserErrorObjectLocked",
    "BMSUserErrorConflictingProtectionOperation",
    "UserErrorBackupOperationInProgress",
    "CloudServiceRetryableError",
    "CloudInternalError",
    "CloudTimeoutError",
    "BackUpOperationFailed",
    "ExtensionFailedSnapshotRateExceededError",
)
TO_MEND = (
    "UserErrorVmNotFoundV2",
    "BCMV2VMNotFound",
    "ExtensionSnapshotFailedNoNetwork",
    "AzureVmOffline",
    "UserErrorVmNotInDesirableState",
    "VmNotInDesirableState",
    "UserErrorVmProvisioningStateFailed",
    "CloudVirtualMachineProvisioningStateFailed",
    "UserErrorRequestDisallowedByPolicy",
    "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed",
    "ExtensionStuckInDeletionState",
    "ExtensionFailedSnapshotLimitReachedError",
    "ExtensionConfigParsingFailure",
    "ExtensionFailedVssWriterInBadState",
    "UserErrorFsFreezeFailed",
    "VMRestorePointInternalError",
    "BMSUserErrorContainerObjectNotFound",
    "BMSUserErrorPolicyNotFound",
    "UserErrorGuestAgentStatusUnavailable",
    "UserErrorVaultLimitReached",
    "UserErrorVaultLimitReachedForRegion",
    "UserErrorSubscriptionLevelLimitReached",
    "UserErrorKeyvaultPermissionsNotConfigured",
    "UserErrorRpCollectionLimitReached",
    "UserErrorSnapshotResourceGroupLocked",
    "UserErrorResourceGuardOperationRequestMissing",
    "ResourceNotFound",
)
UNKNOWN = ("BMSUserErrorOfNextYear", "UserErrorOfNextYear", "Whatever")
CODES = [*PASSING, *TO_MEND, *UNKNOWN]


@dataclass
class Here:
    """A Backstop on a simulator, and VMs that nothing protects."""

    backstop: Backstop
    azure: Client
    unprotected: list[ArmId]

    async def fault(self, vm: ArmId, operation: str, **rule: object) -> None:
        assert (await self.azure.ask("DELETE", "/_sim/faults")).status == 204
        one = {"vmId": vm.text, "operation": operation, **rule}
        assert (await self.azure.ask("POST", "/_sim/faults", [one])).status == 201

    async def look(self, vm: ArmId) -> Outcome:
        """Look at the VM until the work on it has ended or is put off for another reason than waiting."""
        while True:
            done = await self.backstop.reconciler.reconcile(ReconcileRequest(vm, "cli"))
            again = done.outcome.look_again
            if again is None or done.outcome.status is not Status.ACCEPTED:
                return done.outcome
            await self.until(again)

    async def until(self, moment: datetime) -> None:
        while self.backstop.clock.now() < moment:
            await self.backstop.clock.wait_until(moment)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with (
        running(vms=300, subscriptions=3, seed=5) as (url, world),
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http,
        open_backstop(Settings(endpoint=url, state_dir=tmp_path, enforce=True), compiled(POLICY)) as backstop,
    ):
        yield Here(backstop, Client(url, http), plain(world))


def plain(world: World) -> list[ArmId]:
    labels = world.state.labels.values()
    return [parse_vm_id(each.vm_id) for each in labels if each.kind == "plain-unprotected"]


def said(outcome: Outcome, code: str) -> None:
    """The outcome is that of the code's class; the code is whole, and a remedy stands beside it."""
    trouble = advice_for(code)
    assert (trouble.kind is Kind.RETRY_LATER) is (code in PASSING), code
    assert (trouble.kind is Kind.UNKNOWN) is (code in UNKNOWN), code
    assert outcome.error_code == code
    assert outcome.remedy == (WHERE_TO_LOOK if code in UNKNOWN else trouble.remedy), code
    if code in PASSING:
        assert (outcome.status, outcome.failed_try) == (Status.DEFERRED, True), code
        assert outcome.look_again is not None
    else:
        assert (outcome.status, outcome.look_again) == (Status.FAILED, None), code


async def test_a_refusal_ends_in_its_codes_class(here: Here) -> None:
    vm = here.unprotected[0]
    for code in CODES:
        await here.fault(vm, "PUT protectedItems", fault="refuse", code=code, status=400)
        said(await here.look(vm), code)


async def test_a_refusal_with_a_conflict_passes_unless_somebody_must_mend_it(here: Here) -> None:
    vm = here.unprotected[0]
    for code in CODES:
        await here.fault(vm, "PUT protectedItems", fault="refuse", code=code, status=409)
        outcome = await here.look(vm)
        assert outcome.status is (Status.FAILED if code in TO_MEND else Status.DEFERRED), code


async def test_an_operation_that_fails_ends_in_its_codes_class_and_a_passing_one_is_tried_again(here: Here) -> None:
    for number, code in enumerate(CODES):
        vm = here.unprotected[number % 3]
        await here.fault(vm, "PUT protectedItems", fault="operation", code=code, times=1)
        outcome = await here.look(vm)
        said(outcome, code)
        assert outcome.error
    vm = here.unprotected[3]
    await here.fault(vm, "PUT protectedItems", fault="operation", code=PASSING[3], times=1)
    outcome = await here.look(vm)
    assert outcome.look_again is not None
    await here.until(outcome.look_again)
    assert (await here.look(vm)).status is Status.SUCCEEDED


async def test_a_first_backup_that_fails_is_a_finding_and_its_job_tells_the_codes_class(here: Here) -> None:
    began = here.backstop.clock.now()
    failing = list(zip(here.unprotected, CODES, strict=False))
    assert len(failing) == len(CODES)
    for vm, code in failing:
        await here.fault(vm, "POST backup", fault="job", code=code)
        assert (await here.look(vm)).status is Status.SUCCEEDED
    await here.until(here.backstop.clock.now() + timedelta(hours=3))
    for vm, code in failing:
        await here.look(vm)
        finding = await here.backstop.findings.of(vm)
        assert finding is not None
        assert finding.protection is not None
        assert finding.verdict.has(Reason.INITIAL_BACKUP_FAILED), code
        [job] = await here.backstop.backup.jobs(finding.protection.vault_id, vm, began)
        assert (job.status, job.error) == ("Failed", code)
        # The job names the VM as gone by number and title, so it is no unspecific `ResourceNotFound`.
        known = advice_for("320001" if code == "ResourceNotFound" else code)
        told = advice_for(job.error_code, job.error)
        assert (told.kind, told.remedy) == (known.kind, known.remedy), code
        assert (told.kind is Kind.RETRY_LATER, told.kind is Kind.UNKNOWN) == (code in PASSING, code in UNKNOWN), code
