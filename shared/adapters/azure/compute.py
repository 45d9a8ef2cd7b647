"""One VM at a time from ARM, with its resource group's tags and `managedBy`. Reads only."""

from collections.abc import Collection
from datetime import timedelta

from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from shared.adapters.azure.arm_errors import code_of, is_not_found, translated
from shared.adapters.azure.cache import TimedCache
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.graph_reader import GraphReader
from shared.adapters.azure.surroundings import Context, Surroundings
from shared.adapters.azure.vm_mapping import vm_from_wire
from shared.adapters.azure.wire import Wire, tags_at
from shared.domain.arm_id import ArmId
from shared.domain.attributes import Need
from shared.domain.model import Vm
from shared.ports import Clock

# Other 404s, such as SubscriptionNotFound, say that the login cannot see, not that the VM is gone.
_GONE = frozenset({"resourcenotfound", "resourcegroupnotfound"})
_CLASSIC_VERSION = "2016-11-01"  # of Microsoft.ClassicCompute


class AzureCompute:
    """The port Compute on ARM: one request for each VM, and one for each resource group every ten minutes.

    `needs` are what else the policy asks for: one request for each subscription every ten minutes.
    """

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._surroundings = Surroundings(GraphReader(connection, clock), clock)
        self._groups: TimedCache[Wire] = TimedCache(clock, timedelta(minutes=10))

    async def vm(self, vm_id: ArmId, needs: Collection[Need] = ()) -> Vm | None:
        """The VM, or None where ARM says that it or its group does not exist; any other failure raises."""
        with translated(vm_id.text):
            try:
                node = await (self._classic_vm(vm_id) if vm_id.classic else self._vm(vm_id))
                group = f"{vm_id.subscription_id}/{vm_id.resource_group}".lower()
                of_group = await self._groups.get(group, lambda: self._group(vm_id))
            except HttpResponseError as error:
                if is_not_found(error) and code_of(error).lower() in _GONE:
                    return None
                raise
            pool = await self._surroundings.host_pool_type(tags_at(node, "tags"))
            subscription = None
            if Need.SUBSCRIPTION in needs:
                subscription = await self._surroundings.subscription(vm_id.subscription_id)
            return vm_from_wire(node, Context(of_group, subscription, pool))

    async def _vm(self, vm_id: ArmId) -> Wire:
        """With its instance view, which tells of power, agent and extensions and costs no request of its own."""
        client = self._connection.client(ComputeManagementClient, vm_id.subscription_id)
        return await client.virtual_machines.get(vm_id.resource_group, vm_id.name, expand="instanceView")

    async def _classic_vm(self, vm_id: ArmId) -> Wire:
        """No client of Azure's SDK knows its provider. Its answer always holds the instance view."""
        client = self._connection.client(ResourceManagementClient, vm_id.subscription_id)
        return await client.resources.get_by_id(vm_id.text, api_version=_CLASSIC_VERSION)

    async def _group(self, vm_id: ArmId) -> Wire:
        client = self._connection.client(ResourceManagementClient, vm_id.subscription_id)
        return await client.resource_groups.get(vm_id.resource_group)
