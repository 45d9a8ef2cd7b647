import azure.functions as func  # noqa: TID251  # the local host reads such an app
import pytest

import function_app
from cli.host.triggers import read_triggers
from tests.unit.cli.host.conftest import App


def test_every_function_of_the_real_app_is_found_with_what_it_declares() -> None:
    triggers = read_triggers(function_app.app)
    assert [each.function for each in triggers.event_grid] == ["vm_written"]
    assert {each.function: each.queue for each in triggers.queues} == {
        "vm_events": "vm-events",
        "reconcile_vm": "reconcile",
    }
    assert {each.function: each.schedule for each in triggers.timers} == {
        "discovery_sweep": "0 0 */4 * * *",
        "compliance_report": "0 0 6 * * *",
    }
    assert {each.function: (each.route, each.methods) for each in triggers.http} == {
        "health": ("health", ("GET",)),
        "latest_report": ("report", ("GET",)),
    }


def test_an_app_can_be_read_twice_although_the_library_refuses_that(app: App) -> None:
    assert read_triggers(app.functions) is read_triggers(app.functions)


async def test_what_is_called_is_the_function_itself_by_the_name_of_its_argument(app: App) -> None:
    (trigger,) = app.triggers.timers
    await trigger.call(**{trigger.argument: "the payload"})
    assert app.calls == [("on_timer", "the payload")]


def test_a_trigger_that_the_host_cannot_run_is_an_error() -> None:
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="in/{name}", connection="Storage")
    async def on_blob(blob: func.InputStream) -> None:
        raise AssertionError("never called")

    with pytest.raises(ValueError, match="cannot run on_blob: its trigger is blobTrigger"):
        read_triggers(app)


def test_a_route_without_methods_takes_get_and_post() -> None:
    app = func.FunctionApp()

    @app.route(route="any")
    async def anything(req: func.HttpRequest) -> func.HttpResponse:
        raise AssertionError("never called")

    assert read_triggers(app).http[0].methods == ("GET", "POST")
