"""What was under way when the copy of an estate was taken goes on in the simulator, and ends well.

A file names no operation and no schedule of its own: a protection that was being configured is configured a minute
later, a backup that ran has its recovery point within the hour, a VM that was being made is there.
"""

from simulator.core.model import Job, ProtectedItem, Vault
from simulator.world import World

#: Virtual seconds until each is done, from and to; where in between belongs to the VM.
CONFIGURE, BACKUP, CREATION = (31, 92), (600, 3600), (5, 25)


def go_on(world: World) -> None:
    """Put on the clock what the estate's records say is running."""
    state = world.state
    for vault in state.vaults.values():
        for item in vault.items.values():
            if item.configuring:
                _configured(world, item)
        for job in vault.jobs.values():
            if job.ended is None:
                _done(world, vault, job)
    for vm in state.vms.values():
        if vm.properties["provisioningState"] in {"Creating", "Updating"}:
            _made(world, vm.key)


def _configured(world: World, item: ProtectedItem) -> None:
    def finish() -> None:
        item.configuring = False
        world.state.touch_item(item, world.now())

    world.clock.after(world.state.spread(item.source_id.lower(), *CONFIGURE), finish)


def _done(world: World, vault: Vault, job: Job) -> None:
    def finish() -> None:
        if job.ended is not None:
            return  # cancelled meanwhile
        now = world.now()
        job.status, job.ended = "Completed", now
        item = next((each for each in vault.items.values() if each.container == job.container), None)
        if item is not None and job.operation == "Backup":
            item.last_status, item.last_backup, item.last_point = "Completed", job.started, job.started
            item.state = "Protected" if item.state == "IRPending" else item.state
            world.state.touch_item(item, now)
        world.state.touch_job(vault, job, now)

    world.clock.after(world.state.spread(job.vm_id.lower(), *BACKUP), finish)


def _made(world: World, key: str) -> None:
    def finish() -> None:
        vm = world.state.vms.get(key)
        if vm is not None and vm.properties["provisioningState"] in {"Creating", "Updating"}:
            vm.properties["provisioningState"] = "Succeeded"
            world.state.touch("vm", key, world.now())

    world.clock.after(world.state.spread(key, *CREATION), finish)
