"""Reads one VM from the authority, ARM and the backup service, right before anything is decided about it.

Every read that fails becomes an `Unread`; nothing here guesses. backupStatus alone is not trusted for "no protection":
whether it reports stopped and soft-deleted items is not documented, so the item itself is read in every vault that
could hold it (its name is deterministic).
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TypeVar

from shared.domain.arm_id import ArmId
from shared.domain.attributes import Need
from shared.domain.azure_answers import BackupStatus
from shared.domain.model import ACTIVE_STATES, UNPROTECTED, Observation, Protection, ProtectionState, Unread, Vault, Vm
from shared.errors import PermanentError, RetryLaterError
from shared.guards import asked_twice
from shared.ports import Backup, Clock, Compute

T = TypeVar("T")


async def observe(
    vm_id: ArmId,
    compute: Compute,
    backup: Backup,
    clock: Clock,
    *,
    needs: Collection[Need] = (),
    made: Protection | None = None,
    elsewhere: Collection[str] = (),
) -> Observation | None:
    """What is seen of the VM now; None when ARM says that it does not exist.

    With one vault in the VM's region and warm caches this takes three requests: VM, backupStatus, protected item.
    `needs`: what else of the VM the policy looks at. `made` is the protection that Azure has just reported as made, at
    our request: then it is not asked for again, and the service itself refuses what no longer fits. The VM is read
    anew all the same, because its owner may have opted out meanwhile and nobody else would hear it. `elsewhere` are
    other subscriptions whose vaults may hold the VM.
    """
    vm = await _read("the VM", lambda: compute.vm(vm_id, needs))
    if vm is None:
        return None
    if isinstance(vm, Unread):
        return Observation(vm, _not_asked(vm), (), clock.now())
    vaults = await _vaults(backup, {vm_id.subscription_id, *elsewhere})
    if isinstance(vaults, Unread):
        return Observation(vm, _not_asked(vaults), vaults, clock.now())
    protection = made if made is not None else await _protection(vm, vaults, backup)
    return Observation(vm, protection, vaults, clock.now())


async def _vaults(backup: Backup, subscriptions: Collection[str]) -> tuple[Vault, ...] | Unread:
    found: list[Vault] = []
    for each in sorted(subscriptions):
        some = await _read("the subscription's vaults", partial(backup.vaults, each))
        if isinstance(some, Unread):
            return some
        found += some
    return tuple(found)


def _not_asked(because: Unread) -> Unread:
    return replace(because, what="the VM's backup", why=f"not asked, because this failed: {because.why}")


async def _protection(vm: Vm, vaults: tuple[Vault, ...], backup: Backup) -> Protection | Unread:
    status = await _read("the VM's backup status", lambda: backup.status(vm.id, vm.location))
    if isinstance(status, Unread):
        return status
    candidates = [status.vault_id] if status.vault_id else []
    known = {each.lower() for each in candidates}
    if status.status.lower() != "protected" or not candidates:
        # Only then can an item hide from backupStatus; a VM is protected in one vault at a time.
        candidates += [each.id.text for each in vaults if each.location == vm.location and each.id.key not in known]
    items: list[Protection] = []
    for vault_id in candidates:
        item = await _read("the protected item", partial(backup.item, vault_id, vm.id))
        if isinstance(item, Unread):
            return item
        if item is not None:
            items.append(item)
    return foremost(items) or _without_item(status)


def foremost(items: list[Protection]) -> Protection | None:
    """The item that counts when a VM has several: a working one before a stopped one before a soft-deleted one."""

    def rank(item: Protection) -> tuple[int, str]:
        if item.state in ACTIVE_STATES:
            return 0, item.item_id.lower()
        return (2 if item.state is ProtectionState.SOFT_DELETED else 1), item.item_id.lower()

    return min(items, key=rank, default=None)


def _without_item(status: BackupStatus) -> Protection | Unread:
    match status.status.lower():
        case "notprotected":
            return UNPROTECTED
        case "protecting":
            return Protection(ProtectionState.CONFIGURING, vault_id=status.vault_id)
        case "protectionfailed":
            return Protection(ProtectionState.ERROR, vault_id=status.vault_id)
        case _:
            return Unread("the protected item", f"the backup status is {status.status!r} but no vault shows an item")


async def _read(what: str, ask: Callable[[], Awaitable[T]]) -> T | Unread:
    try:
        return await asked_twice(ask)
    except RetryLaterError as error:
        return Unread(what, error.message, error.code, error.remedy, retry_after=error.retry_after)
    except PermanentError as error:
        return Unread(what, error.message, error.code, error.remedy, retryable=False)
