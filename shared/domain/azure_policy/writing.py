"""An imported policy as the text of a file: what it comes from and what is different as comments, then the policy."""

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from shared.domain.azure_policy.importing import Imported
from shared.domain.azure_policy.unit import Difference, Kind

_WIDTH = 116
TITLES = {
    Kind.OPEN: "To be filled in",
    Kind.NOT_UNDERSTOOD: "Not understood, and so not imported",
    Kind.WIDER: "Wider than the original",
    Kind.NARROWER: "Narrower than the original",
    Kind.NOTE: "Worth knowing",
}


class _Plain(yaml.SafeDumper):
    """Writes every list where it stands: a policy file may hold no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def as_yaml(imported: Imported) -> str:
    """The file's text; `policy check` accepts it."""
    lines = ["# yaml-language-server: $schema=./schemas/enforcement-policy.v1.json", "#"]
    for rule, source in imported.sources.items():
        lines += _comment(f"Imported from Azure Policy: {source} (rule {rule})", "# ")
    for kind, title in TITLES.items():
        told = [each for each in imported.differences if each.kind is kind]
        lines += ["#", f"# {title}:"] if told else []
        for each in told:
            lines += _comment(sentence(each, alone=len(imported.sources) == 1), "# - ")
    body = yaml.dump(
        dict(imported.document),
        Dumper=_Plain,
        sort_keys=False,
        width=_WIDTH,
        default_flow_style=None,
        allow_unicode=True,
    )
    return "\n".join([*lines, "#", body])


def sentence(difference: Difference, *, alone: bool) -> str:
    """The difference with the rule that it concerns; where there is one rule only it is not named."""
    return difference.what if alone or not difference.rule else f"{difference.rule}: {difference.what}"


def _comment(text: str, start: str) -> Iterator[str]:
    shown = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    return iter(textwrap.wrap(shown, _WIDTH, initial_indent=start, subsequent_indent="#   ", break_on_hyphens=False))
