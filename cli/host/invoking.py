"""Calls one function and tells whoever watches how that went."""

import logging
from collections.abc import Callable, Mapping

from cli.host.triggers import Trigger
from shared.telemetry import clean

# kind, details. Kinds: `serving` url · `started`, `succeeded`, `failed` function, error · `retry` function, until ·
# `poisoned` queue, reason · `waiting` until
OnEvent = Callable[[str, Mapping[str, object]], None]
log = logging.getLogger(__name__)


def silent(kind: str, details: Mapping[str, object]) -> None:
    """Nobody watches."""


class Invoker:
    """`on_event` is called at once and must not block."""

    def __init__(self, on_event: OnEvent = silent) -> None:
        self.tell = on_event

    async def invoke(self, trigger: Trigger, payload: object) -> object:
        """The function's result; its exception goes on to the caller, whose trigger decides what that means."""
        self.tell("started", {"function": trigger.function})
        try:
            result = await trigger.call(**{trigger.argument: payload})
        except Exception as error:
            why = one_line(error)
            log.warning("%s failed: %s", trigger.function, why)
            self.tell("failed", {"function": trigger.function, "error": why})
            raise
        self.tell("succeeded", {"function": trigger.function})
        return result


def one_line(error: BaseException) -> str:
    """An error for people: its text, without secrets, or its name where it has none."""
    return clean(str(error)) or type(error).__name__
