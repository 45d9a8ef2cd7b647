import json

from benchmarks import policy, simulator
from tests.e2e.running import backstop


def test_the_figures_that_the_readme_quotes_can_be_measured() -> None:
    done = backstop("bench", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["importFunctionApp"]["ms"] > 0
    # A VM that needs nothing costs no request of its own: some to Resource Graph, one for each subscription's locks.
    assert figures["sweep"]["requestsOfASweepWithNothingToDo"] == {"POST resources": 9, "GET locks": 4}
    assert figures["eventToFirstBackup"]["byKind"]["PUT protectedItems"] == 1
    assert figures["eventToFirstBackup"]["byKind"]["POST backup"] == 1
    assert figures["eventToFirstBackup"]["requests"] <= 7


async def test_the_local_azure_can_be_measured_at_any_size() -> None:
    figures = await simulator.measure(vms=200, subscriptions=4, gets=50)
    assert figures.page_rows == 200
    assert min(figures.ready_s, figures.page_ms, figures.gets_per_s, figures.peak_mib) > 0


def test_the_policy_can_be_measured_at_any_size_and_its_rules_are_reached() -> None:
    few, many = policy.measure(10, 2000), policy.measure(200, 2000)
    assert few.rules_reached >= 5
    assert many.rules_reached >= 50
    assert min(few.verdicts_s, few.plans_s, few.peak_mib, few.bare_call_ns) > 0
