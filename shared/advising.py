"""All advice about an estate, gathered once for each sweep: jobs, surroundings, vaults, orphans, agents.

Advice changes no verdict and no write, so a part that cannot be read is told in the log and the others still stand.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from shared.domain.advice import Advisory
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.hazard_advice import hazard_advisories, key_vaults_of
from shared.domain.job_advice import job_advisories
from shared.domain.vault_advice import orphans, policy_advisories, vault_advisories
from shared.domain.vm_health import OF_THE_VM, vm_advisories
from shared.errors import PermanentError, RetryLaterError
from shared.estate_view import EstateView
from shared.ports import Clock, Compute, FindingStore, Hazards, Jobs

#: A VM's agent shows only in a request of its own: so many that had something to tell are asked again.
ASKED_AGAIN = 100
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advised:
    """Advice by the key of the VM that it concerns, and all other."""

    by_vm: Mapping[str, tuple[Advisory, ...]]
    of_estate: tuple[Advisory, ...]


@dataclass(frozen=True, slots=True)
class Adviser:
    """Holds the ports."""

    compute: Compute
    jobs: Jobs
    hazards: Hazards
    findings: FindingStore
    clock: Clock

    async def advise(
        self, view: EstateView, policy: CompiledPolicy, scope: Scope, read: Collection[str] | None
    ) -> Advised:
        """Advice about what was viewed. `read` are the subscriptions whose VMs were read completely; None: all."""
        vms = [vm for vm, _ in view.vms]
        keys = {vm.id.key for vm in vms}
        seen = await self.hazards.look({vm.id.subscription_id for vm in vms}, key_vaults_of(vms))
        every = [
            *hazard_advisories(seen, vms),
            *vault_advisories(view.vaults, policy),
            *policy_advisories(view.vaults, view.holdings.contents, policy),
            *orphans(view.items, keys, read),
            *await self._of_jobs(scope),
            *await self._of_agents(keys),
        ]
        by_vm: dict[str, list[Advisory]] = {}
        for each in every:
            if each.vm is not None and each.vm.key in keys:
                by_vm.setdefault(each.vm.key, []).append(each)
        others = tuple(each for each in every if each.vm is None or each.vm.key not in keys)
        return Advised({key: tuple(each) for key, each in by_vm.items()}, others)

    async def _of_jobs(self, scope: Scope) -> tuple[Advisory, ...]:
        try:
            failed = [job async for job in self.jobs.failed_last(scope)]
        except (RetryLaterError, PermanentError) as error:
            log.warning("failed jobs could not be read: %s", error.message)
            return ()
        return job_advisories(failed, self.clock.now())

    async def _of_agents(self, keys: Collection[str]) -> Iterable[Advisory]:
        """What was told of agents before, looked at again; where that fails, or they are too many, as it was told."""
        told = {key: each for key, each in (await self.findings.advice_by_vm()).items() if key in keys}
        about = {key: [one for one in each if one.advice in OF_THE_VM] for key, each in told.items()}
        found: list[Advisory] = []
        for number, known in enumerate(each for _, each in sorted(about.items()) if each):
            found += known if number >= ASKED_AGAIN else await self._agent(known)
        return found

    async def _agent(self, known: list[Advisory]) -> Iterable[Advisory]:
        vm_id = known[0].vm
        if vm_id is None:
            return known
        try:
            vm = await self.compute.vm(vm_id)
        except (RetryLaterError, PermanentError) as error:
            log.warning("a VM's agent could not be read: %s", error.message, extra={"vm": vm_id.text})
            return known
        return vm_advisories(vm, self.clock.now()) if vm is not None else ()
