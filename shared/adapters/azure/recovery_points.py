"""The latest recovery point of a protected item, with how consistent it is. Reads only.

A vault lists all points of an item, years of them perhaps. Where the item says when its last one was made, only those
around that day are asked for.
"""

from datetime import datetime, timedelta
from urllib.parse import unquote

from azure.core.exceptions import HttpResponseError
from azure.mgmt.recoveryservicesbackup.aio import RecoveryServicesBackupClient

from shared.adapters.azure.arm_errors import is_not_found, translated
from shared.adapters.azure.connection import Connection, require_list
from shared.adapters.azure.names import FABRIC, container_and_item
from shared.adapters.azure.wire import moment_at, object_at, text_at
from shared.domain.arm_id import parse_id, vault_id_of
from shared.domain.azure_answers import RecoveryPoint
from shared.domain.model import Protection

_AROUND = timedelta(days=1)


class AzureRecoveryPoints:
    """The port RecoveryPoints, which is a part of the port Backup."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def latest_point(self, item: Protection) -> RecoveryPoint | None:
        """The newest of the item's points; None where it has none, or the vault does not know the item."""
        if not item.item_id:
            return None
        with translated(item.item_id):
            vault = parse_id(vault_id_of(item.item_id))
            container, name = container_and_item(unquote(item.item_id))
            client = self._connection.client(RecoveryServicesBackupClient, vault.subscription_id)
            wanted = None if item.recovery_point is None else points_filter(item.recovery_point)
            pages = client.recovery_points.list(
                vault.name, vault.resource_group, FABRIC, container, name, filter=wanted, raw_response_hook=require_list
            )
            try:
                nodes = [object_at(node, "properties") async for node in pages]
            except HttpResponseError as error:
                if is_not_found(error):
                    return None
                raise
            found = [
                RecoveryPoint(made, text_at(each, "recoveryPointType"))
                for each in nodes
                if (made := moment_at(each, "recoveryPointTime")) is not None
            ]
        return max(found, key=lambda each: each.at, default=None)


def points_filter(around: datetime) -> str:
    """Azure's filter for points of about this moment. Its moments are UTC, in 12-hour form (Azure CLI's source)."""
    begin, end = ((around + step).strftime("%Y-%m-%d %I:%M:%S %p") for step in (-_AROUND, _AROUND))
    return f"startDate eq '{begin}' and endDate eq '{end}'"
