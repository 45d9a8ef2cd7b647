"""Policies for tests, from the text of a `spec`."""

import textwrap
from pathlib import Path

from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.reading import parse_policy

DEMO = Path(__file__).parent.parent / "examples" / "demo.yaml"


def policy_of(spec: str) -> EnforcementPolicy:
    """The policy whose `spec` is this YAML text."""
    head = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: test}\nspec:\n"
    return parse_policy(head + textwrap.indent(textwrap.dedent(spec).strip() + "\n", "  "), "policy.yaml")


def compiled(spec: str) -> CompiledPolicy:
    """The same, ready to evaluate."""
    return compile_policy(policy_of(spec))


def demo_policy() -> CompiledPolicy:
    """The demo's policy: enforce, production first, then a default."""
    return compile_policy(parse_policy(DEMO.read_text(encoding="utf-8"), str(DEMO)))
