"""One VM at a time from ARM, with its resource group's tags and `managedBy`. Reads only."""

from datetime import timedelta

from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from shared.adapters.azure.arm_errors import code_of, is_not_found, translated
from shared.adapters.azure.cache import TimedCache
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.vm_mapping import vm_from_wire
from shared.adapters.azure.wire import Wire
from shared.domain.arm_id import ArmId
from shared.domain.model import Vm
from shared.ports import Clock

# Other 404s, such as SubscriptionNotFound, say that the login cannot see, not that the VM is gone.
_GONE = frozenset({"resourcenotfound", "resourcegroupnotfound"})


class AzureCompute:
    """The port Compute on ARM: one request for each VM, and one for each resource group every ten minutes."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._groups: TimedCache[Wire] = TimedCache(clock, timedelta(minutes=10))

    async def vm(self, vm_id: ArmId) -> Vm | None:
        """The VM, or None where ARM says that it or its group does not exist; any other failure raises."""
        with translated(vm_id.text):
            try:
                client = self._connection.client(ComputeManagementClient, vm_id.subscription_id)
                node = await client.virtual_machines.get(vm_id.resource_group, vm_id.name)
                group = f"{vm_id.subscription_id}/{vm_id.resource_group}".lower()
                of_group = await self._groups.get(group, lambda: self._group(vm_id))
            except HttpResponseError as error:
                if is_not_found(error) and code_of(error).lower() in _GONE:
                    return None
                raise
            return vm_from_wire(node, of_group)

    async def _group(self, vm_id: ArmId) -> Wire:
        client = self._connection.client(ResourceManagementClient, vm_id.subscription_id)
        return await client.resource_groups.get(vm_id.resource_group)
