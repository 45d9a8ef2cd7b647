"""docs/reasons.md, from the one list of reasons: `python -m cli.output.reasons_page > docs/reasons.md` writes it anew.

A test compares the page with what is generated, so that neither says what the other does not.
"""

import sys

from shared.domain.model import State
from shared.domain.reason_states import STATES
from shared.domain.reasons import Reason

_HEAD = """\
# Reasons

<!-- Generated: python -m cli.output.reasons_page > docs/reasons.md -->

Every VM has exactly one verdict, with at least one reason. The codes are stable: reports, logs, `explain`, `--json` and
`policy test` all use them. A code is told with the value that gave rise to it, such as the text of an opt-out.

| state | means |
|---|---|
"""
_MEANS = {
    State.UNKNOWN: "something could not be read, so nothing is concluded and nothing is written",
    State.NOT_APPLICABLE: "the policy leaves the VM alone, or Azure Backup does not support it",
    State.COMPLIANT: "it has the backup that its rule asks for, whether its owner opted out or not",
    State.EXEMPT: "it lacks the backup, and its owner's opt-out is honoured",
    State.NON_COMPLIANT: "it lacks the backup, or a part of it",
}


def page() -> str:
    """The whole page; a section for each state, in order of precedence, with the reasons that bring it about."""
    text = _HEAD + "".join(f"| `{state.value}` | {_MEANS[state]} |\n" for state in State)
    for state in State:
        text += f"\n## {state.value}\n\n| code | what is so | what to do | also in |\n|---|---|---|---|\n"
        for reason in Reason:
            first, *others = STATES[reason]
            if first is state:
                also = ", ".join(f"`{each.value}`" for each in others)
                text += (
                    f"| `{reason.code}` | {_cell(reason.sentence)} | {_cell(reason.remedy or 'nothing')} | {also} |\n"
                )
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(page())
