"""Walks through everything that the simulator answers: each route in each state that its resources can be in.

What it meets is judged by the client that it is given; it asserts on nothing but its own footing. The walk is made
of paths that one after the other leave the world as the next finds it: they all work on VMs of their own.
"""

from tests.contract.spec.contract import served
from tests.contract.spec.steps import NOWHERE
from tests.contract.spec.walk_events import walk_events
from tests.contract.spec.walk_items import Items
from tests.contract.spec.walk_resources import Resources
from tests.contract.spec.walk_surroundings import Surroundings
from tests.contract.spec.walk_vaults import Vaults


class Walk(Resources, Surroundings, Vaults, Items):
    """The whole way."""

    async def all(self) -> None:
        await self.scopes()
        await self.metadata()
        await self.networks()
        await self.machines()
        await self.surroundings()
        await self.classic()
        await self.vaults()
        await self.settings()
        await self.policies()
        await self.reading()
        await self.protecting()
        await self.backing_up()
        await self.failing()
        await self.questions()
        await self.tags()
        await self.graph()
        group = next(group.id for group in self.world.state.groups.values())
        await walk_events(self.azure, group)
        await self.refusals()

    async def refusals(self) -> None:
        """Each route once with ids that lead nowhere."""
        for method, template in list(served()):
            if not template.startswith("/metadata"):
                await self.azure.ask(method, template.replace("{}", NOWHERE), {})
