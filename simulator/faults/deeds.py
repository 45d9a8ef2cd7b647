"""Another actor: somebody of the estate who does to a VM what Backstop's user did not expect, in between.

A deed is made of the same requests that a person would send, so it follows the services' own rules and may be refused;
it is nobody's wrong write. It changes what is right for its VM from then on (`consequences.py`).
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.backup.render import VM_ITEM, item_id, policy_id
from simulator.core.labels import Label
from simulator.core.model import Vault, VirtualMachine, default_policies
from simulator.core.state import container_of, vault_id
from simulator.core.wire import Answer, Json, stamp
from simulator.faults.consequences import after_deed
from simulator.faults.kinds import ActorFault

if TYPE_CHECKING:
    from simulator.world import World

#: The demo policy's tag; names of tags are compared without case.
OPT_OUT = "backup-opt-out"
#: Days that a deed's opt-out lasts: within the demo policy's 90.
OPT_OUT_DAYS = 45
#: Virtual seconds after which a stopped or deleted backup surely shows: the service takes 9 to 13 for it.
SHOWS_AFTER = 15

Perform = Callable[[str, str, Json], Awaitable[Answer]]


@dataclass
class Deed:
    """What was done to a VM, and what came of it."""

    deed: str
    vm_id: str
    at: datetime
    status: int
    note: str = ""

    def to_json(self) -> Json:
        return {"deed": self.deed, "vmId": self.vm_id, "at": stamp(self.at), "status": self.status, "note": self.note}


class Deeds:
    """`perform(method, path, body)` sends a request of the estate's own; the door gives it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.done: list[Deed] = []
        self.perform: Perform | None = None

    async def do(self, rule: ActorFault, vm_id: str | None) -> None:
        """Do it to this VM; a deed that cannot be done is on record with the reason."""
        vm = self._world.state.vms.get((vm_id or "").lower())
        if vm is None:
            self._note(rule, vm_id or "", 0, "the request is about no VM that exists")
            return
        if rule.deed == "lock":
            self._lock(rule, vm)
            return
        if rule.deed == "opt-out":
            until = (self._world.now() + timedelta(days=OPT_OUT_DAYS)).strftime("%Y-%m-%d")
            tags = {name: value for name, value in (vm.tags or {}).items() if name.lower() != OPT_OUT}
            tags[OPT_OUT] = f"reason=moved-away; until={until}; ref=CHG-FAULT"
            await self._send(rule, vm, "PATCH", vm.id, {"tags": tags})
        elif rule.deed == "delete-vm":
            await self._send(rule, vm, "DELETE", vm.id, {})
        elif rule.deed == "protect":
            vault = self._vault(vm, rule.vault)
            policy = rule.backup_policy or self._label(vm).backup_policy or "DefaultPolicy"
            name = container_of(vm)
            path = (
                f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}/protectedItems/VM;{name}"
            )
            await self._put(rule, vm, path, {"policyId": policy_id(vault, policy)})
        else:
            await self._to_item(rule, vm)

    async def _to_item(self, rule: ActorFault, vm: VirtualMachine) -> None:
        state = self._world.state
        item = next((each for each in state.vm_items(vm.id) if each.active), None)
        if item is None:
            self._note(rule, vm.id, 0, "the VM has no backup in force")
            return
        path = item_id(state.vaults[item.vault], item)
        if rule.deed == "stop":
            await self._put(rule, vm, path, {"policyId": "", "protectionState": "ProtectionStopped"})
        else:
            await self._send(rule, vm, "DELETE", path, {})

    def _lock(self, rule: ActorFault, vm: VirtualMachine) -> None:
        vault, locks = self._vault(vm, rule.vault), self._world.locks
        locks.add(vault.id)
        if rule.for_seconds is not None:
            self._world.clock.after(rule.for_seconds, lambda: locks.remove(vault.id))
        self._note(rule, vm.id, 200, f"{vault.name} is locked")

    async def _put(self, rule: ActorFault, vm: VirtualMachine, path: str, properties: Json) -> None:
        whole = {"protectedItemType": VM_ITEM, "sourceResourceId": vm.id, **properties}
        await self._send(rule, vm, "PUT", path, {"properties": whole})

    async def _send(self, rule: ActorFault, vm: VirtualMachine, method: str, path: str, body: Json) -> None:
        if self.perform is None:
            raise RuntimeError("no door serves this world yet, so nobody can do anything in it")
        answer = await self.perform(method, path, body)
        note = "" if answer.status < 300 else json.dumps(answer.body)
        self._note(rule, vm.id, answer.status, note)
        if answer.status < 300:
            before = self._label(vm)
            shows = self._world.now() + timedelta(seconds=SHOWS_AFTER if rule.deed in ("stop", "delete-backup") else 0)
            backed_up = any(each.active for each in self._world.state.vm_items(vm.id))
            self._world.knowledge.changed(before, after_deed(rule, before, backed_up=backed_up), rule.deed, shows)

    def _note(self, rule: ActorFault, vm_id: str, status: int, note: str) -> None:
        self.done.append(Deed(rule.deed, vm_id, self._world.now(), status, note))

    def _label(self, vm: VirtualMachine) -> Label:
        return self._world.state.labels.get(vm.key) or Label(vm.id, "unlabelled", "untouched", "NO_LABEL", None)

    def _vault(self, vm: VirtualMachine, which: str) -> Vault:
        """`same`: the first vault of the VM's region, by id, which most would take. `other`: another team's own."""
        state = self._world.state
        near = [each for each in state.vaults.of(vm.subscription) if each.location == vm.location]
        near.sort(key=lambda each: each.key)
        if which == "same" and near:
            return near[0]
        group, name = vm.group, f"rsv-other-team-{vm.location}"
        key = vault_id(vm.subscription, group, name).lower()
        if key in state.vaults:
            return state.vaults[key]
        now = self._world.now()
        made = Vault(
            id=vault_id(vm.subscription, group, name),
            name=name,
            subscription=vm.subscription,
            group=group,
            location=vm.location,
            created=now,
            policies=default_policies(),
        )
        state.vaults[made.key] = made
        state.touch("vault", made.key, now)
        return made
