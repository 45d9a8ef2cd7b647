"""From a policy file's text to the model, or to everything that is wrong with it: file, line, column, key, suggestion.

`parse_policy` is for whoever wants to act under the policy; `read_policy` for whoever mends it. What a sound policy may
not mean as written is told by `policy_tools/lint.py`. This module reads no file.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.model_errors import problems_in
from shared.domain.policy_file.placed import Node, Path, Problem, dotted, shown
from shared.domain.policy_file.plain_yaml import UnreadableYamlError, read_yaml
from shared.errors import PolicyFileError

Whole = TypeVar("Whole", bound=BaseModel)
MOST_ERRORS = 20
_REMEDY = "Mend the file; docs/policy.md tells every key"
#: The keys to which nothing may be given: opt-outs without a longest duration, no second try of a first backup.
_MAY_BE_NULL = (("optOut", "maxDuration"), ("initialBackup", "again"))


@dataclass(frozen=True, slots=True)
class Reading:
    """`policy` is None exactly where there are errors. Both lists stand in the order of the file.

    `errors` holds the first 20, `more` counts the others. `warnings` are for `policy_tools/lint.py` to add.
    """

    policy: EnforcementPolicy | None
    root: Node | None
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    more: int = 0


def parse_policy(text: str, file: str) -> EnforcementPolicy:
    """The policy in `text`; PolicyFileError names `file` and the place of the most telling error."""
    reading = read_policy(text, file)
    if reading.policy is None:
        others = len(reading.errors) - 1 + reading.more
        more = f" (and {others} more: backstop policy check shows them)" if others else ""
        # A misspelt key is also a missing one, told first by its place: its misspelling is what helps.
        first = min(reading.errors, key=lambda each: not each.what.startswith("unknown key"))
        raise PolicyFileError(f"{first}{more}", remedy=_REMEDY)
    return reading.policy


def read_policy(text: str, file: str) -> Reading:
    """The policy, or all errors of the file."""
    try:
        root = read_yaml(text, file)
    except UnreadableYamlError as error:
        return Reading(None, None, (error.problem,))
    errors = {path: EMPTY for path in empty_values(root) if path[-2:] not in _MAY_BE_NULL}
    twins = dict(_twins(root))
    errors |= twins
    more: set[Path] = {("spec",)} if twins else set()  # the model's own word about them, without their place
    policy, found, count = validated(EnforcementPolicy, root, root.data, file, errors, more)
    return Reading(policy, root, found, more=count - len(found))


def validated(
    model: type[Whole],
    root: Node,
    data: object,
    file: str,
    errors: Mapping[Path, str],
    told: Collection[Path] = (),
) -> tuple[Whole | None, tuple[Problem, ...], int]:
    """The model of the file, or its first 20 errors in the file's order and how many there are.

    `errors` are those that are known before the model is asked, which has nothing to add about their keys.
    """
    late: list[Callable[[], Problem]] = []
    whole = None
    try:
        whole = model.model_validate(data)
    except ValidationError as error:
        late = problems_in(error, root, model, file, {*errors, *told})
    early = [problem_at(file, root, path, what) for path, what in list(errors.items())[:MOST_ERRORS]]
    found = sorted((*early, *(each() for each in late[:MOST_ERRORS])), key=lambda each: (each.line, each.column))
    return (None if found else whole), tuple(found[:MOST_ERRORS]), len(errors) + len(late)


EMPTY = "has no value; give one, or take the key out"


def empty_values(root: Node) -> Iterator[Path]:
    """Where the file gives a key and no value: what that would mean nobody can tell."""
    return (path for path, node in root.walk() if node.data is None)


def _twins(root: Node) -> Iterator[tuple[Path, str]]:
    """Rules that share a name or a priority, at the second of them."""
    rules = root.at(("spec", "rules"))
    names: dict[str, str] = {}
    priorities: dict[int, str] = {}
    for position, rule in (rules.inner if rules is not None else {}).items():
        name, priority = rule.at(("name",)), rule.at(("priority",))
        label = name.data if name is not None and isinstance(name.data, str) else ""
        if label and label.lower() in names:
            what = f"two rules are named '{shown(names[label.lower()])}'; give each its own name"
            yield ("spec", "rules", position, "name"), what
        names.setdefault(label.lower(), label)
        number = priority.data if priority is not None else None
        if isinstance(number, int) and not isinstance(number, bool):
            if number in priorities:
                both = f"'{priorities[number]}' and '{shown(label)}'"
                what = f"rules {both} have the same priority {number}; give each its own"
                yield ("spec", "rules", position, "priority"), what
            priorities.setdefault(number, shown(label))


def problem_at(file: str, root: Node, path: Path, what: str) -> Problem:
    """A problem with the place of its key, or of the last one on the way to it."""
    node = root.nearest(path)
    return Problem(file, node.line, node.column, dotted(path), what)
