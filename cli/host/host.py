"""`LocalHost`: the function app running here, in this process, on the Backstop that its handlers open themselves.

The host works on whatever is due and only then lets time pass. On the real clock that means waiting; on a simulator's
clock it means a jump to the next moment at which anything at all is due.
"""

import asyncio
import importlib
import logging
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import azure.functions as func
from aiohttp import web

from cli.host.host_json import read_host_json
from cli.host.invoking import Invoker, OnEvent, silent
from cli.host.queues import QueuePump
from cli.host.timers import Timers
from cli.host.triggers import Triggers, read_triggers
from cli.host.web import WEBHOOK, create_app
from shared.bootstrap import close_process_backstop, process_backstop
from shared.errors import RetryLaterError, SettingsError
from shared.ports import Clock

HOST_JSON = Path(__file__).resolve().parents[2] / "host.json"
POLL = 1.0  # real seconds between two looks at the queues while serving: other processes put messages in
log = logging.getLogger(__name__)


class LocalHost:
    """Use as `async with LocalHost(port=...) as host`; port 0 takes a free one.

    The settings (`BACKSTOP_*`) must stand in `os.environ` before `function_app` is imported, which happens here at the
    latest. Without `app` it is `function_app.app`. SettingsError where the app cannot run.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        on_event: OnEvent = silent,
        app: func.FunctionApp | None = None,
        poll: float = POLL,
    ) -> None:
        self._port = port
        self._app = app
        self._poll = poll
        self._invoker = Invoker(on_event)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the Backstop, read the functions, listen. `url` is set afterwards."""
        app = self._app or importlib.import_module("function_app").app
        self.triggers: Triggers = read_triggers(app)
        limits = read_host_json(HOST_JSON)
        backstop = await process_backstop()
        self.clock: Clock = backstop.clock
        self._timers = Timers(self.triggers.timers, self.clock, self._invoker)
        self._queues = QueuePump(self.triggers.queues, backstop.queue, self.clock, limits, self._invoker)
        self._runner = web.AppRunner(
            create_app(self.triggers, limits.route_prefix, self._invoker), access_log=None, shutdown_timeout=1.0
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError as error:
            raise SettingsError(
                f"port {self._port} cannot be used: {error.strerror or error}",
                code="PORT",
                remedy="Choose another port",
            ) from error
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.routes = {each.function: f"{self.url}/{limits.route_prefix}/{each.route}" for each in self.triggers.http}
        self._invoker.tell("serving", {"url": self.url})

    async def stop(self) -> None:
        """Stop listening and close the Backstop; messages that were being worked on become visible again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await close_process_backstop()

    def webhook_url(self, function: str) -> str:
        """Where Event Grid delivers to this function."""
        return f"{self.url}{WEBHOOK}?functionName={function}"

    async def invoke_timer(self, function: str) -> None:
        """Run a timer function now. Its exception is the caller's; KeyError for a function that is no timer."""
        await self._timers.fire(function)

    async def run_until_idle(self, until: datetime | None = None) -> None:
        """Work, and let time pass, until the queues are empty; with `until`, until that moment has come.

        Timers that come due on the way run; they alone never keep the host from being idle.
        """
        while True:
            await self._work()
            message = await self._queues.next_due()
            if until is None and message is None:
                return
            if until is not None and self.clock.now() >= until:
                return
            moments = [message, self._timers.next_due(), until]
            target = min(each for each in moments if each is not None)
            self._invoker.tell("waiting", {"until": target})
            await self.clock.wait_until(target)

    async def serve_forever(self) -> None:
        """Work on what is due until cancelled, looking once in a real second.

        A simulator's clock is moved by one virtual second each time, so its time flows at least as fast as ours.
        """
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._work()
            except RetryLaterError as error:
                log.warning("the queues could not be worked on: %s", error)
            await self.clock.wait_until(self.clock.now() + timedelta(seconds=self._poll))
            await asyncio.sleep(max(self._poll - (loop.time() - began), 0.0))

    async def _work(self) -> None:
        await self._timers.fire_due()
        await self._queues.drain()
