import pytest

from shared.adapters.azure.pipeline import kind_of
from tests.unit.shared.adapters.azure.stub import GRAPH, GROUP, ITEM, SUB, VAULT, VM

A = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/subscriptions", "GET subscriptions"),
        ("GET", f"/subscriptions/{SUB}", "GET subscriptions"),
        ("GET", GROUP, "GET resourceGroups"),
        ("GET", f"{VM}?api-version=1", "GET virtualMachines"),
        ("GET", f"/subscriptions/{SUB}/providers/Microsoft.RecoveryServices/vaults", "GET vaults"),
        ("PUT", ITEM.replace(";", "%3B"), "PUT protectedItems"),
        ("GET", ITEM, "GET protectedItems"),
        ("POST", f"{ITEM}/backup", "POST backup"),
        ("GET", f"{ITEM}/operationsStatus/0df5?t=1&s=2", "GET operationsStatus"),
        ("GET", f"{VAULT}/backupJobs", "GET backupJobs"),
        (
            "POST",
            f"/Subscriptions/{SUB}/providers/Microsoft.RecoveryServices/locations/w/backupStatus",
            "POST backupStatus",
        ),
        ("POST", GRAPH, "POST resources"),
        ("GET", f"{VM}/providers/Microsoft.Resources/tags/default", "GET tags"),
        ("GET", "/", "GET "),
    ],
)
def test_a_request_is_counted_by_its_method_and_last_type_or_action(method: str, path: str, kind: str) -> None:
    assert kind_of(method, A + path) == kind
