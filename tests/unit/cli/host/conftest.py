"""A function app of the tests' own, over the real queue on a clock that moves by hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import azure.functions as func  # noqa: TID251  # the local host runs such an app
import pytest

from cli.host.triggers import Triggers, read_triggers
from shared.adapters.local.store import Store
from shared.adapters.local.work_queue import SqliteWorkQueue
from tests.fakes import FakeClock


@dataclass
class App:
    """Keeps what its functions were called with; `fail` maps a function to errors raised, one a call."""

    calls: list[tuple[str, object]] = field(default_factory=list)
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    hooks: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        app = self.functions = func.FunctionApp()

        @app.event_grid_trigger(arg_name="event")
        async def on_event(event: func.EventGridEvent) -> None:
            await self.take("on_event", event)

        @app.queue_trigger(arg_name="message", queue_name="first", connection="Storage")
        async def on_first(message: func.QueueMessage) -> None:
            await self.take("on_first", message)

        @app.queue_trigger(arg_name="message", queue_name="second", connection="Storage")
        async def on_second(message: func.QueueMessage) -> None:
            await self.take("on_second", message)

        @app.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
        async def on_timer(timer: func.TimerRequest) -> None:
            await self.take("on_timer", timer)

        @app.route(route="echo/{name}", methods=["GET", "PUT"])
        async def echo(req: func.HttpRequest) -> func.HttpResponse:
            await self.take("echo", req)
            text = f"{req.method} {req.route_params['name']} {dict(req.params)} {req.get_body().decode()}"
            return func.HttpResponse(text, status_code=202, headers={"X-Own": "yes"})

    async def take(self, function: str, payload: object) -> None:
        self.calls.append((function, payload))
        if function in self.hooks:
            result = self.hooks[function]()
            if hasattr(result, "__await__"):
                await result
        if self.fail.get(function):
            raise self.fail[function].pop(0)

    @property
    def triggers(self) -> Triggers:
        return read_triggers(self.functions)

    def called(self, function: str) -> list[object]:
        return [payload for name, payload in self.calls if name == function]


@dataclass
class Told:
    """What the host told whoever watches."""

    events: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __call__(self, kind: str, details: Mapping[str, object]) -> None:
        self.events.append((kind, details))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(tmp_path: Path, clock: FakeClock) -> Iterator[SqliteWorkQueue]:
    with Store(tmp_path / "state") as store:
        yield SqliteWorkQueue(store, clock)
