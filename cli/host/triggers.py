"""What `function_app` declares, read from its `FunctionApp` object into frozen descriptions.

A trigger that this host cannot run is an error and is not passed over: an app that half runs looks like one that works.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import azure.functions as func
from azure.functions.decorators.function_app import Function


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function, and the name of the argument that takes what triggered it."""

    function: str
    argument: str
    call: Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class EventGridTrigger(Trigger):
    """Called once for each event."""


@dataclass(frozen=True, slots=True)
class QueueTrigger(Trigger):
    """Called once for each message."""

    queue: str


@dataclass(frozen=True, slots=True)
class TimerTrigger(Trigger):
    """`schedule` has six fields, seconds first (NCRONTAB), in UTC."""

    schedule: str


@dataclass(frozen=True, slots=True)
class HttpTrigger(Trigger):
    """`route` comes after the prefix of `host.json`."""

    route: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Triggers:
    """All functions of an app, by kind of trigger."""

    event_grid: tuple[EventGridTrigger, ...]
    queues: tuple[QueueTrigger, ...]
    timers: tuple[TimerTrigger, ...]
    http: tuple[HttpTrigger, ...]


T = TypeVar("T", bound=Trigger)


@cache  # the library takes a second reading of an app for other functions of the same names, and refuses them
def read_triggers(app: func.FunctionApp) -> Triggers:
    """The app's functions. ValueError for a trigger that this host cannot run."""
    found = [_read(each) for each in app.get_functions()]
    return Triggers(
        _only(EventGridTrigger, found),
        _only(QueueTrigger, found),
        _only(TimerTrigger, found),
        _only(HttpTrigger, found),
    )


def _read(function: Function) -> Trigger:
    name, trigger = str(function.get_function_name()), function.get_trigger()
    binding: dict[str, Any] = trigger.get_dict_repr() if trigger is not None else {}
    base: tuple[str, str, Any] = (name, binding.get("name", ""), function.get_user_function())
    match binding.get("type"):
        case "eventGridTrigger":
            return EventGridTrigger(*base)
        case "queueTrigger":
            return QueueTrigger(*base, queue=binding["queueName"])
        case "timerTrigger":
            return TimerTrigger(*base, schedule=binding["schedule"])
        case "httpTrigger":
            return HttpTrigger(*base, route=binding["route"], methods=_methods(binding))
        case other:
            raise ValueError(f"the local host cannot run {name}: its trigger is {other}")


def _methods(binding: dict[str, Any]) -> tuple[str, ...]:
    given: Iterable[Any] = binding.get("methods") or ("GET", "POST")  # Functions' default where none is declared
    return tuple(str(getattr(each, "value", each)).upper() for each in given)


def _only(kind: type[T], found: Iterable[Trigger]) -> tuple[T, ...]:
    return tuple(each for each in found if isinstance(each, kind))
