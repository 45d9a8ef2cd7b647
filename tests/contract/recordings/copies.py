"""Copies of real recordings for tests to change, and what the check says of one that lies alone in a folder."""

import json
from pathlib import Path
from typing import Any

from tests.contract.recordings.checking import check, files
from tests.reference import reference_file

Exchanges = list[dict[str, Any]]


def original(name: str = "softdelete") -> Exchanges:
    exchanges: Exchanges = json.loads(reference_file(f"recordings/azure-cli.{name}.json"))
    return exchanges


def problems(folder: Path, exchanges: object) -> list[str]:
    """What the check says of a folder that holds this file alone."""
    text = exchanges if isinstance(exchanges, str) else json.dumps(exchanges)
    (folder / "azure-cli.changed.json").write_text(text, encoding="utf-8")
    [path] = files(folder)
    return check(path).problems
