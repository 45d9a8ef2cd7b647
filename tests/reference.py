"""Where the reference data lies that nobody on the project wrote: Azure's specs, recorded traffic, real events.

It is not part of the repository. Where it is missing a test is skipped with that reason, and fails when CI=true.
"""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("BACKSTOP_REFERENCE_DATA") or Path(__file__).parents[2] / "shared" / "data")


def reference_path(name: str) -> Path:
    """The path of a file or folder of the reference data."""
    path = FOLDER / name
    if not path.exists():
        message = f"the reference data lacks {name} (set BACKSTOP_REFERENCE_DATA)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def reference_file(name: str) -> str:
    """The text of a file of the reference data."""
    return reference_path(name).read_text(encoding="utf-8")
