"""From the entries of an estate file to the state: defaults laid under them, references looked up.

Resource groups come to be by being named; subscriptions, vaults and backup policies must be declared, since a
misspelt one would change every decision about its VMs. An entry that bears a whole id is a copy of something real and
taken as it comes; one by name was written by a person and is held to more.
"""

import difflib
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.core.model import ResourceGroup, Subscription, VirtualMachine
from simulator.core.state import State, classic_vm_id, group_id, vm_id
from simulator.estate.file_backup import add_items, add_jobs, add_vault
from simulator.estate.file_classic import CLASSIC, classic_of, is_classic
from simulator.estate.file_model import NAME, REGIONS, GroupEntry, ManagementGroup, Placed, VmEntry
from simulator.estate.file_surroundings import (
    add_key_vault,
    add_locks,
    add_policies,
    encrypt,
    guest_of,
)
from simulator.estate.file_text import Entry, shown
from simulator.estate.file_vm import properties_of

Parts = dict[str, list[tuple[Entry, Any]]]
#: Where a resource lies of which neither the file nor its resource group says it.
SOMEWHERE = "westeurope"
_NEAR = 0.88


def build(parts: Parts, file: Path, start: datetime, seed: int) -> tuple[State, datetime]:
    """The state and the moment as of which it stands. Raises EstateFileError."""
    as_of = _single(parts, "asOf") or start
    building = Building(State(seed), file, as_of)
    building.regions |= {region for _, region in parts["regions"]}
    for entry, subscription in parts["subscriptions"]:
        building.add_subscription(entry, subscription.name, subscription.id)
    tenant = _single(parts, "tenant")
    building.state.tenant = tenant.id if tenant else str(uuid.uuid5(uuid.NAMESPACE_URL, next(iter(building.by_name))))
    building.add_management_groups(parts["managementGroups"])
    for entry, group in parts["resourceGroups"]:
        building.add_group(entry, group)
    for entry, vault in parts["vaults"]:
        add_vault(building, entry, vault)
    for entry, key_vault in parts["keyVaults"]:
        add_key_vault(building, entry, key_vault)
    machines = parts["virtualMachines"]
    for at, (entry, machine) in enumerate(machines):
        building.add_vm(entry, machine)
        machines[at] = (entry, None)  # the record holds what matters; with 100,000 of them the entry must go
    add_items(building, parts["protectedItems"])
    add_jobs(building, parts["jobs"])
    add_locks(building, parts["locks"])
    add_policies(building, parts["policyDefinitions"], parts["policyAssignments"])
    return building.state, as_of


def _single(parts: Parts, name: str) -> Any:
    return parts[name][0][1] if parts[name] else None


class Building:
    """A state that grows, with what is needed to look names up."""

    def __init__(self, state: State, file: Path, as_of: datetime) -> None:
        self.state, self.file, self.as_of = state, file, as_of
        self.regions = set(REGIONS)
        self.by_name: dict[str, str] = {}
        self.vms_by_name: dict[str, list[VirtualMachine]] = {}

    def add_subscription(self, entry: Entry, name: str, given: str | None) -> None:
        identity = given or str(uuid.uuid5(uuid.NAMESPACE_URL, f"subscription:{name}"))
        if identity in self.state.subscriptions:
            raise entry.error(self.file, f"the subscription {shown(name)!r} is there twice", "id" if given else "name")
        if name.lower() in self.by_name and not given:
            raise entry.error(self.file, f"another subscription is called {shown(name)!r}; give each its id", "name")
        self.state.subscriptions[identity] = Subscription(identity, name)
        self.by_name[name.lower()] = "" if name.lower() in self.by_name else identity  # empty: not one but several

    def subscription(self, entry: Entry, text: str | None, *path: str | int) -> str:
        """The id of the subscription that is meant by id, by name, or by there being only one."""
        if text is None:
            if len(self.state.subscriptions) == 1:
                return next(iter(self.state.subscriptions))
            raise entry.error(self.file, "say which: the file holds several subscriptions (key 'subscription')", *path)
        if text.lower() in self.state.subscriptions:
            return text.lower()
        found = self.by_name.get(text.lower())
        if found:
            return found
        what = "several subscriptions are called" if found == "" else "there is no subscription"
        near = difflib.get_close_matches(text.lower(), self.by_name, n=1) if found is None else []
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise entry.error(self.file, f"{what} {shown(text)!r}{hint}", *path)

    def add_management_groups(self, groups: list[tuple[Entry, ManagementGroup]]) -> None:
        names: set[str] = set()
        members = self.state.management_groups  # parents come first

        def add(entry: Entry, group: ManagementGroup, parent: str, *path: str | int) -> list[str]:
            if group.name.lower() in names:
                raise entry.error(self.file, f"the group {shown(group.name)!r} is there twice", *path, "name")
            names.add(group.name.lower())
            below = [
                self.subscription(entry, each, *path, "subscriptions", at)
                for at, each in enumerate(group.subscriptions)
            ]
            is_root = not path and group.name.lower() == self.state.tenant  # which exists without being made
            if not is_root:
                members[group.name] = below
            if parent:
                self.state.management_parents[group.name] = parent
            for at, child in enumerate(group.children):
                below += add(entry, child, "" if is_root else group.name, *path, "children", at)
            return below

        taken: set[str] = set()
        for entry, group in groups:
            inside = add(entry, group, "")
            if len(set(inside)) != len(inside) or taken & set(inside):
                raise entry.error(self.file, "a subscription can be in one management group only")
            taken |= set(inside)

    def region(self, entry: Entry, text: str) -> str:
        """The region, if it is one; a misspelt region would leave every VM in it without a vault."""
        if text in self.regions:
            return text
        near = difflib.get_close_matches(text, self.regions, n=1, cutoff=_NEAR)
        if near and re.sub(r"\d", "", near[0]) != re.sub(r"\d", "", text):
            what = f"there is no region {text!r} (did you mean {near[0]!r}?); a new one is to stand under 'regions'"
            raise entry.error(self.file, what, "location")
        self.regions.add(text)
        return text

    def add_group(self, entry: Entry, given: GroupEntry) -> None:
        subscription = self.subscription(entry, given.subscription, "subscription")
        if self.state.group(subscription, given.name) is not None:
            raise entry.error(self.file, f"the resource group {shown(given.name)!r} is there twice", "name")
        location = self.region(entry, given.location or SOMEWHERE)
        made = ResourceGroup(group_id(subscription, given.name), given.name, subscription, location, given.tags)
        made.managed_by = given.managed_by
        self.state.add_group(made)

    def place(self, entry: Entry, given: Placed, provider: str, group: str) -> tuple[ResourceGroup, str, str, str]:
        """(resource group, its name as spelt here, the resource's name, its region) of a resource."""
        if given.id is not None:
            subscription, spelt, name = self.parts_of(entry, given.id, provider)
        else:
            subscription = self.subscription(entry, given.subscription, "subscription")
            spelt, name = given.resource_group or group, given.name or ""
        found = self.state.group(subscription, spelt)
        location = self.region(entry, given.location or (found.location if found else SOMEWHERE))
        if found is None:
            made = ResourceGroup(group_id(subscription, spelt), spelt, subscription, location)
            found = self.state.add_group(made)
        return found, spelt, name, location

    def parts_of(self, entry: Entry, text: str, provider: str, *path: str) -> tuple[str, str, str]:
        """(subscription, resource group, name) of a whole id of this provider's."""
        pattern = rf"/subscriptions/([^/]+)/resourcegroups/({NAME})/providers/{re.escape(provider)}/({NAME})"
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match is None:
            what = f"not the id of a {provider}: {shown(text)!r}"
            raise entry.error(self.file, what, *(path or ("id",)))
        return self.subscription(entry, match[1], *(path or ("id",))), match[2], match[3]

    def add_vm(self, entry: Entry, given: VmEntry) -> None:
        classic = is_classic(given)
        provider = CLASSIC if classic else "Microsoft.Compute/virtualMachines"
        group, spelt, name, location = self.place(entry, given, provider, "rg-vms")
        identity = (classic_vm_id if classic else vm_id)(group.subscription, group.name, name)
        if identity.lower() in self.state.vms:
            raise entry.error(self.file, f"the VM {shown(name)!r} is there twice", "id" if given.id else "name")
        if classic:
            properties, wrong = classic_of(given, group.subscription, group.name, name)
        else:
            properties, twice = properties_of(given, identity, self.as_of)
            wrong = (twice[0], f"stands in properties.{twice[1]} too; say it once") if twice else None
        if wrong:
            raise entry.error(self.file, wrong[1], wrong[0])
        encrypt(self, entry, given, properties)
        vm = VirtualMachine(
            id=identity,
            name=name,
            subscription=group.subscription,
            group=group.name,
            location=location,
            tags=given.tags,
            properties=properties,
            zones=given.zones,
            identity=given.identity,
            power=given.power_state,
            # Lists spell the group of some VMs in capitals; a copy made from a list has it so.
            shouts=spelt == group.name.upper() != group.name,
            managed_by=given.managed_by or "",
            classic=classic,
            disk_facts={disk.lower(): facts for disk, facts in given.disk_facts.items()},
            guest=guest_of(given),
        )
        self.state.vms[vm.key] = vm
        self.vms_by_name.setdefault(name.lower(), []).append(vm)
