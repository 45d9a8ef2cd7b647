"""Values of a policy file that deceive the eye (characters that look like others), are misspelt, or are no globs.

A value that only looks right matches nothing, without any error. Kinds are judged only where one that exists is near,
because Azure adds new ones.
"""

from collections.abc import Iterator, Mapping

from shared.domain.policy_file.look_alikes import deceiving
from shared.domain.policy_file.model_errors import closest
from shared.domain.policy_file.placed import Node, Path, shown
from shared.domain.policy_tools.lint_rules import Remark
from shared.domain.selectors import is_glob

#: Values that Azure's Compute API knows (its REST specification of 2025); new ones may come.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "securityTypes": ("Standard", "TrustedLaunch", "ConfidentialVM"),
    "diskTypes": (
        "Standard_LRS",
        "StandardSSD_LRS",
        "StandardSSD_ZRS",
        "Premium_LRS",
        "Premium_ZRS",
        "PremiumV2_LRS",
        "UltraSSD_LRS",
    ),
    "priorities": ("Regular", "Low", "Spot"),
    "powerStates": ("starting", "running", "stopping", "stopped", "deallocating", "deallocated", "unknown"),
}


def odd_values(root: Node) -> Iterator[Remark]:
    """A remark for each value, and each tag's name, that deceives or is misspelt."""
    spec = root.at(("spec",))
    for path, node in spec.walk(("spec",)) if spec is not None else ():
        texts = [node.data] if isinstance(node.data, str) else []
        texts += [str(path[-1])] if path and isinstance(path[-1], str) else []
        for text in texts:
            if why := deceiving(text):
                yield Remark(path, why)
        if isinstance(node.data, str):
            yield from _kind(path, node.data)
            yield from _glob_as_value(path, node.data)


def _glob_as_value(path: Path, value: str) -> Iterator[Remark]:
    """A tag's plain value with a star, where nearly every other key takes globs."""
    keys = [part for part in path if isinstance(part, str)]
    if "*" in value and keys[-2].lower().endswith("tags") and "create" not in keys:
        what = f"a tag's value is compared as it stands; write {{like: '{shown(value)}'}} where it is meant as a glob"
        yield Remark(path, what)


def _kind(path: Path, value: str) -> Iterator[Remark]:
    keys = [part for part in path if isinstance(part, str)]
    known = _KINDS.get(keys[-1], ()) if not keys[-2].lower().endswith("tags") else ()  # a tag may have such a name
    if known and not is_glob(value) and value.lower() not in {each.lower() for each in known}:
        near = closest(value, known)
        if near:
            yield Remark(path, f"Azure knows no '{value}'; did you mean '{near}'?")
