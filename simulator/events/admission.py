"""Event subscriptions on probation: asked for, and not delivered to until their receiver has agreed.

Creating, AwaitingManualAction, then Succeeded or Failed, with the long-running operation that tells of it. A change
of an event subscription keeps what was live until the new receiver agrees. Asking itself is in `handshake.py`.
"""

import random
from dataclasses import dataclass

from simulator.core.clock import Clock
from simulator.core.model import Operation
from simulator.core.wire import AzureError
from simulator.estate.catalog import uid
from simulator.events.handshake import MANUAL_SECONDS, shake
from simulator.events.sender import Sender
from simulator.events.subscription import Config, EventSubscription, State

#: Virtual seconds that creating or changing an event subscription takes; our own number.
SETTLING = 2


@dataclass(eq=False)
class Probation:
    """One handshake. `agreed`: by its address, which may be called before the question has been answered."""

    token: str
    target: EventSubscription
    config: Config
    operation: Operation
    agreed: bool = False


class Admissions:
    """The handshakes under way, by the token of their address."""

    def __init__(self, clock: Clock, rng: random.Random, sender: Sender) -> None:
        self.clock, self.sender, self._rng = clock, sender, rng
        self._open: dict[str, Probation] = {}

    async def ask(self, target: EventSubscription, config: Config, base: str, operation: Operation) -> None:
        """Ask the receiver that `config` names; a handshake of this event subscription still under way is over."""
        for old in [each for each in self._open.values() if each.target is target]:
            self._close(old, "Canceled")
        probation = Probation(uid(self._rng), target, config, operation)
        self._open[probation.token] = probation
        target.asked, target.state = config, "Updating" if target.live else "Creating"
        address = f"{base}/eventsubscriptions/{target.name}/validate?id={probation.token}&apiVersion=2022-06-15"
        verdict = await shake(self.sender, self._rng, target, config, address, self.clock.now())
        if probation.agreed or probation.token not in self._open:
            return
        if verdict == "passed":
            self._agree(probation)
        elif verdict == "failed":
            self._refuse(probation, "The receiver did not answer the validation request as it must.")
        else:
            target.state = "AwaitingManualAction"
            self.clock.after(MANUAL_SECONDS, lambda: self._too_late(probation))

    def agree(self, token: str) -> None:
        """The receiver has called the address. Raises AzureError 400 where that is not, or no longer, a valid one."""
        probation = self._open.get(token)
        if probation is None:
            raise AzureError(400, "InvalidRequest", "The validation address is not valid, or no longer.")
        self._agree(probation)

    def forget(self, target: EventSubscription) -> None:
        """The event subscription is gone."""
        for each in [each for each in self._open.values() if each.target is target]:
            self._close(each, "Canceled")

    def _agree(self, probation: Probation) -> None:
        probation.agreed, probation.target.live = True, probation.config
        del self._open[probation.token]
        self._settle(probation, "Succeeded")

    def _too_late(self, probation: Probation) -> None:
        if probation.token in self._open:
            self._refuse(probation, "The validation address was not called in time.")

    def _refuse(self, probation: Probation, why: str) -> None:
        del self._open[probation.token]
        place = probation.config.url.split("?", 1)[0]
        probation.operation.error = {
            "code": "Url validation",
            "message": f"Webhook validation handshake failed for {place}. {why}",
        }
        self._settle(probation, "Failed")

    def _settle(self, probation: Probation, state: State) -> None:
        def settle() -> None:
            if probation.target.asked is probation.config:
                probation.target.state = state
            probation.operation.status, probation.operation.ended = state, self.clock.now()

        self.clock.after(SETTLING, settle)

    def _close(self, probation: Probation, status: str) -> None:
        del self._open[probation.token]
        probation.operation.status, probation.operation.ended = status, self.clock.now()
