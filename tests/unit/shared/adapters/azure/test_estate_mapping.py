"""What of a VM goes into a file that leaves the machine: all but secrets and the passing moment."""

from typing import Any

import pytest

from shared.adapters.azure.estate_mapping import vm_entry, without_secrets
from tests.unit.shared.adapters.azure.stub import VM

SECRETS: list[dict[str, Any]] = [
    {"osProfile": {"adminUsername": "root", "adminPassword": "SECRET", "customData": "SECRET"}},
    {"osProfile": {"secrets": [{"sourceVault": {"id": "SECRET"}}]}},
    {"osProfile": {"linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": "SECRET"}]}}}},
    {"osProfile": {"windowsConfiguration": {"additionalUnattendContent": [{"content": "SECRET"}]}}},
    {"userData": "SECRET"},
    {"storageProfile": {"osDisk": {"encryptionSettings": {"diskEncryptionKey": {"secretUrl": "SECRET"}}}}},
    {"storageProfile": {"osDisk": {"encryptionSettings": {"keyEncryptionKey": {"keyUrl": "SECRET"}}}}},
    {"extensions": [{"protectedSettings": "SECRET", "sasUri": "SECRET", "accessToken": "SECRET", "connectionString": "SECRET"}]},
]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_an_entry_at_any_depth(secret: dict[str, Any]) -> None:
    entry = vm_entry({"id": VM, "location": "w", "properties": {**secret, "vmId": "u"}})
    assert entry["properties"]["vmId"] == "u"
    assert "SECRET" not in str(entry)
    assert "root" not in str(entry)


def test_what_is_no_secret_stays() -> None:
    kept = {
        "osProfile": {
            "computerName": "a",
            "linuxConfiguration": {"disablePasswordAuthentication": True, "provisionVMAgent": True},
        },
        "securityProfile": {"encryptionAtHost": True, "uefiSettings": {"secureBootEnabled": True}},
        "storageProfile": {"osDisk": {"osType": "Linux", "managedDisk": {"diskEncryptionSet": {"id": "y"}}}},
        "future": [1, None, "z"],
    }
    assert without_secrets(kept) == kept


def test_the_power_state_is_taken_from_the_moment_that_is_left_out() -> None:
    view = {"instanceView": {"powerState": {"code": "PowerState/deallocated"}}}
    row = {"id": VM, "location": "w", "tags": None, "properties": {"extended": view, "instanceView": {"a": 1}}}
    assert vm_entry(row) == {"id": VM, "location": "w", "powerState": "deallocated", "properties": {}}
