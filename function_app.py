"""Every trigger of the deployed app, and nothing else: what a trigger does is in `handlers/`.

Queue names, schedules and routes come from the settings, read once when the Functions host indexes this file. A setting
that cannot be used fails the indexing with the settings' one line: an app that indexed with defaults instead would
listen to other queues than the person meant. Indexing loads no SDK; a trigger imports its handler when it first runs.
"""

import os

import azure.functions as func

from shared.settings import from_environment

_CONNECTION = "AzureWebJobsStorage"
_settings = from_environment(os.environ)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.event_grid_trigger(arg_name="event")
async def vm_written(event: func.EventGridEvent) -> None:
    """An event that Event Grid delivers to this app; a CloudEvent comes as `func.CloudEvent` all the same."""
    from handlers import vm_event

    await vm_event.take_in(vm_event.as_sent(event))


@app.queue_trigger(arg_name="message", queue_name=_settings.events_queue, connection=_CONNECTION)
async def vm_events(message: func.QueueMessage) -> None:
    """The same events, where Event Grid delivers to a storage queue."""
    from handlers import vm_event

    await vm_event.take_in_message(message.get_body())


@app.timer_trigger(arg_name="timer", schedule=_settings.sweep_schedule)
async def discovery_sweep(timer: func.TimerRequest) -> None:
    """The sweep over the whole scope."""
    from handlers import sweep

    await sweep.run(late=timer.past_due)


@app.queue_trigger(arg_name="message", queue_name=_settings.reconcile_queue, connection=_CONNECTION)
async def reconcile_vm(message: func.QueueMessage) -> None:
    """One look at one VM."""
    from handlers import reconcile

    await reconcile.work_on(message.get_body())


@app.timer_trigger(arg_name="timer", schedule=_settings.report_schedule)
async def compliance_report(timer: func.TimerRequest) -> None:
    """The report, made of the findings on record."""
    from handlers import report

    await report.make(late=timer.past_due)


@app.route(
    route=_settings.health_route,
    trigger_arg_name="request",
    methods=[func.HttpMethod.GET],
    auth_level=func.AuthLevel.ANONYMOUS,
)
async def health(request: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  # the host passes it by name
    """Whether this app can work; open to everybody, so it names no resource."""
    from handlers import http

    answer = await http.health()
    return func.HttpResponse(answer.body, status_code=answer.status, mimetype=answer.mimetype, headers=http.HEADERS)


@app.route(route=_settings.report_route, trigger_arg_name="request", methods=[func.HttpMethod.GET])
async def latest_report(request: func.HttpRequest) -> func.HttpResponse:
    """The latest report, `?format=html|json|csv`; asks for a function key in Azure."""
    from handlers import http

    answer = await http.latest_report(request.params.get("format", "html"))
    return func.HttpResponse(answer.body, status_code=answer.status, mimetype=answer.mimetype, headers=http.HEADERS)
