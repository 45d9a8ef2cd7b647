import json

from tests.e2e.running import backstop


def test_the_figures_that_the_readme_quotes_can_be_measured() -> None:
    done = backstop("bench", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["importFunctionApp"]["ms"] > 0
    # A VM that needs nothing costs no request of its own: four questions to Resource Graph, whatever the estate's size.
    assert figures["sweep"]["requestsOfASweepWithNothingToDo"] == {"POST resources": 4}
    assert figures["eventToFirstBackup"]["byKind"]["PUT protectedItems"] == 1
    assert figures["eventToFirstBackup"]["byKind"]["POST backup"] == 1
    assert figures["eventToFirstBackup"]["requests"] <= 7
