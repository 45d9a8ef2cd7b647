import subprocess
import sys

import pytest

from tests.worker.conftest import NEEDS
from tests.worker.process import ROOT, Worker

needs_runtime = pytest.mark.skipif(sys.version_info < (3, 13), reason=NEEDS)

EXPECTED = {
    "vm_written": [{"direction": "IN", "type": "eventGridTrigger", "name": "event"}],
    "vm_events": [
        {
            "direction": "IN",
            "type": "queueTrigger",
            "name": "message",
            "queueName": "vm-events",
            "connection": "AzureWebJobsStorage",
        }
    ],
    "discovery_sweep": [{"direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "0 0 */4 * * *"}],
    "reconcile_vm": [
        {
            "direction": "IN",
            "type": "queueTrigger",
            "name": "message",
            "queueName": "reconcile",
            "connection": "AzureWebJobsStorage",
        }
    ],
    "compliance_report": [{"direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "0 0 6 * * *"}],
    "health": [
        {
            "direction": "IN",
            "type": "httpTrigger",
            "name": "request",
            "methods": ["GET"],
            "authLevel": "ANONYMOUS",
            "route": "health",
        },
        {"direction": "OUT", "type": "http", "name": "$return"},
    ],
    "latest_report": [
        {
            "direction": "IN",
            "type": "httpTrigger",
            "name": "request",
            "methods": ["GET"],
            "authLevel": "FUNCTION",
            "route": "report",
        },
        {"direction": "OUT", "type": "http", "name": "$return"},
    ],
}

# What makes a cold start slow, and what the app must not have decided yet.
TOO_EARLY = (
    "aiohttp",
    "azure.core",
    "azure.eventgrid",
    "azure.identity",
    "azure.mgmt",
    "azure.storage",
    "handlers",
    "jinja2",
    "msrest",
    "pydantic",
    "shared.adapters",
    "shared.bootstrap",
    "sqlite3",
    "yaml",
)


def too_early(modules: list[str]) -> list[str]:
    return [name for name in modules if name.startswith(TOO_EARLY)]


@needs_runtime
def test_the_runtime_finds_these_functions_with_these_bindings() -> None:
    with Worker() as worker:
        assert worker.refused == ""
        assert worker.functions == EXPECTED
        assert too_early(worker.modules) == []


@needs_runtime
def test_queues_schedules_and_routes_come_from_the_settings() -> None:
    with Worker(
        BACKSTOP_EVENTS_QUEUE="events-2",
        BACKSTOP_RECONCILE_QUEUE="work-2",
        BACKSTOP_SWEEP_SCHEDULE="30 5 * * * *",
        BACKSTOP_REPORT_SCHEDULE="0 0 7 * * 1",
        BACKSTOP_HEALTH_ROUTE="alive",
        BACKSTOP_REPORT_ROUTE="compliance/latest",
    ) as worker:
        found = {name: bindings[0] for name, bindings in worker.functions.items()}
    assert found["vm_events"]["queueName"] == "events-2"
    assert found["reconcile_vm"]["queueName"] == "work-2"
    assert found["discovery_sweep"]["schedule"] == "30 5 * * * *"
    assert found["compliance_report"]["schedule"] == "0 0 7 * * 1"
    assert found["health"]["route"] == "alive"
    assert found["latest_report"]["route"] == "compliance/latest"


@needs_runtime
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("BACKSTOP_SWEEP_SCHEDULE", "every day"),
        ("BACKSTOP_EVENTS_QUEUE", "VM Events"),
        ("BACKSTOP_ENFORCE", "perhaps"),
        ("BACKSTOP_ENDPOINT", "https://management.azure.example"),
    ],
)
def test_a_setting_that_cannot_be_used_fails_the_indexing_in_one_line_that_names_it(setting: str, value: str) -> None:
    with Worker(**{setting: value}) as worker:
        assert worker.functions == {}
        assert value in worker.refused
        assert "\n" not in worker.refused
        assert worker.refused.startswith("SettingsError: ")


def test_importing_the_app_loads_no_sdk_and_no_store() -> None:
    code = (
        "import sys; import azure.functions; before = set(sys.modules); import function_app; "
        "function_app.app.get_functions(); print('\\n'.join(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert "function_app" in done.stdout.split()
    assert too_early(done.stdout.split()) == []
