"""`policy schema`: the JSON Schemas that editors use, and the reference of all keys, generated from the models."""

import json
import sys
from pathlib import Path

from cli import exit_codes
from cli.output.console import out, plain
from cli.output.policy_reference import key_tables
from shared.domain.policy_file.schema import Schema, policy_schema
from shared.domain.policy_tools.cases import cases_schema
from shared.domain.prices.reading import prices_schema

ROOT = Path(__file__).resolve().parents[2]
POLICY, CASES = "schemas/enforcement-policy.v1.json", "schemas/policy-cases.v1.json"
PRICES = "schemas/prices.v1.json"
PAGE = "docs/policy.md"
BEGIN, END = "<!-- keys: written by `backstop policy schema --write` -->", "<!-- end of keys -->"


def run(*, cases: bool, write: bool) -> int:
    """Print one schema, or write both and the tables of keys to where they are published."""
    if not write:
        sys.stdout.write(as_text(cases_schema() if cases else policy_schema()))
        return exit_codes.DONE
    for name, text in published().items():
        (ROOT / name).write_text(text, encoding="utf-8")
        out().print(plain(f"✓ {name}"))
    return exit_codes.DONE


def published() -> dict[str, str]:
    """What each of the published files must hold: path from the root, and its text."""
    return {
        POLICY: as_text(policy_schema()),
        CASES: as_text(cases_schema()),
        PRICES: as_text(prices_schema()),
        PAGE: page((ROOT / PAGE).read_text("utf-8")),
    }


def as_text(schema: Schema) -> str:
    """The schema as it lies in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"


def page(text: str) -> str:
    """The page with the tables of keys between their marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n\n" + "\n".join(key_tables()) + END + after
