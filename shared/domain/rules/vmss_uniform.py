"""Instances of a scale set in uniform orchestration: Azure Backup does not support them (support matrix, 2023).

They are no virtual machines to Azure: neither its lists nor Resource Graph's table of VMs show them, so an id is all
that there is to look at. Instances in flexible orchestration are virtual machines of their own and can be backed up.
"""

import re

from shared.domain.reasons import Reason

_INSTANCE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.compute"
    r"/virtualmachinescalesets/[^/]+/virtualmachines/[^/]+",
    re.IGNORECASE,
)


def check_id(resource_id: str) -> Reason | None:
    """EXCLUDED_VMSS_UNIFORM for the id of an instance of a scale set."""
    return Reason.EXCLUDED_VMSS_UNIFORM if _INSTANCE.fullmatch(resource_id) else None
