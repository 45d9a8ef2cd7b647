"""What the parts of the walk share: the client, the world, and following a long-running operation."""

from simulator.world import World
from tests.contract.spec.recorder import Recorder

RS = "/providers/Microsoft.RecoveryServices"
VMS = "/providers/Microsoft.Compute/virtualMachines"
NOWHERE = "00000000-0000-0000-0000-000000000000"
IAAS = "backupManagementType eq 'AzureIaasVM'"


class Steps:
    """One world and the client that walks through it."""

    def __init__(self, azure: Recorder, world: World) -> None:
        self.azure, self.world = azure, world

    async def follow(self, headers: dict[str, str]) -> None:
        """Both addresses of a long-running operation, before its end and after it."""
        for ended in (False, True):
            for name in ("azure-asyncoperation", "location"):
                if name in headers:
                    await self.azure.ask("GET", headers[name])
            if not ended:
                await self.azure.advance()


def result_of(status_url: str) -> str:
    """Where a vault's operation shows its result, made of its status address as clients of 2021 do."""
    return status_url.split("?", maxsplit=1)[0].replace("/operationStatus/", "/operationResults/")
