"""Microsoft's own parser of KQL, run under Node.js: which queries it refuses, and why.

Its package is installed beside this file at the version that `package-lock.json` pins, once, by `npm ci`.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator.graph.schema import COLUMNS, DYNAMIC, TABLES

FOLDER = Path(__file__).parent
PACKAGE = Path("node_modules") / "@kusto" / "language-service-next" / "package.json"
_SCHEMA = ", ".join(f"['{name}']: {'dynamic' if name in DYNAMIC else 'string'}" for name in COLUMNS)


def ready() -> None:
    """See to it that the parser is there; skips, with the reason, where it cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm: KQL is checked by Microsoft's own parser")
    if _installed() != _pinned():
        npm = ["npm", "ci", "--no-audit", "--no-fund"]
        made = subprocess.run(npm, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
        if made.returncode != 0:
            last = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
            pytest.skip(f"npm could not install Microsoft's parser of KQL: {last[0]}")


def errors(queries: list[str]) -> list[list[str]]:
    """For each query what the parser calls an error: `code: message`. One process for all of them."""
    spelt = {name for text in queries for name in re.findall(r"\w+", text) if name.lower() in TABLES}
    asked = {"tables": dict.fromkeys(sorted({*TABLES, *spelt}), f"({_SCHEMA})"), "queries": queries}
    answered = subprocess.run(
        ["node", str(FOLDER / "check.js")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    told: list[list[dict[str, Any]]] = json.loads(answered.stdout)
    return [[f"{each['code']}: {each['message']}" for each in one if each["severity"] == "Error"] for one in told]


def _installed() -> str | None:
    path = FOLDER / PACKAGE
    return str(json.loads(path.read_text(encoding="utf-8"))["version"]) if path.is_file() else None


def _pinned() -> str:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][PACKAGE.parent.as_posix()]["version"])
