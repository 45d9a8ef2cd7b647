"""Which package an import belongs to."""

from pathlib import Path

import pytest

from cli.quality.imports import Owners, files_of, imported_names, packages_used

SOURCE = """
import json
import azure.core
from azure.mgmt.compute.aio import ComputeManagementClient as Client, other
from . import sibling

def late():
    import duckdb
    module = importlib.import_module("azure.identity.aio")
    name = "not.a.module"
"""

OWNERS = Owners(
    {
        "azure": {"azure-core", "azure-mgmt-compute", "azure-identity"},
        "azure.core": {"azure-core"},
        "azure.mgmt": {"azure-mgmt-compute", "azure-mgmt-resource"},
        "azure.mgmt.compute": {"azure-mgmt-compute"},
        "azure.mgmt.compute.aio": {"azure-mgmt-compute"},
        "azure.identity": {"azure-identity"},
        "duckdb": {"duckdb"},
    }
)


def test_imports_in_functions_and_by_name_count() -> None:
    assert set(imported_names(SOURCE)) == {
        "json",
        "azure.core",
        "azure.mgmt.compute.aio.ComputeManagementClient",
        "azure.mgmt.compute.aio.other",
        "duckdb",
        "azure.identity.aio",
    }


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("azure.mgmt.compute.aio.ComputeManagementClient", "azure-mgmt-compute"),
        ("azure.core.exceptions.HttpResponseError", "azure-core"),
        ("azure", None),
        ("azure.mgmt.unheard_of", None),
        ("unheard_of", None),
    ],
)
def test_the_longest_name_that_one_package_holds_decides(module: str, package: str | None) -> None:
    assert OWNERS.owner(module) == package


def test_the_installed_packages_know_their_modules() -> None:
    owners = Owners.installed()

    assert owners.owner("azure.mgmt.recoveryservicesbackup.activestamp") == "azure-mgmt-recoveryservicesbackup"
    assert owners.owner("azure.mgmt.recoveryservices.aio") == "azure-mgmt-recoveryservices"
    assert owners.owner("azure.core.pipeline") == "azure-core"
    assert owners.owner("yaml.YAMLError") == "pyyaml"
    assert owners.owner("pytest") == "pytest"


def test_our_own_rooms_and_the_standard_library_are_no_packages(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import os, shared.domain, duckdb, nowhere, for_another_python\n")

    used, strange = packages_used([file], OWNERS, ours=("shared",), declared={"for-another-python"})

    assert used == {"duckdb": str(file), "for-another-python": str(file)}
    assert strange == [f"{file}: imports nowhere, which no installed package holds"]


def test_a_folder_left_out_and_a_missing_room_give_no_files(tmp_path: Path) -> None:
    for name in ("room/a.py", "room/later/b.py", "single.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    found = list(files_of(tmp_path, ("room", "single.py", "missing"), leave_out="room/later"))

    assert found == [tmp_path / "room/a.py", tmp_path / "single.py"]
