"""From a policy file's text to the model, or to everything that is wrong with it: file, line, column, key, suggestion.

`parse_policy` is for whoever wants to act under the policy; `read_policy` for whoever mends it. What a sound policy may
not mean as written is told by `policy_lint.py`. This module reads no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from shared.domain.model_errors import problems_in
from shared.domain.plain_yaml import Node, Path, Problem, UnreadableYamlError, dotted, read_yaml, shown
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_later import Note, later_keys, without
from shared.errors import PolicyFileError

MOST_ERRORS = 20
_REMEDY = "Mend the file; docs/policy.md tells every key"
#: The one key to which nothing may be given: opt-outs without a longest duration.
_MAY_BE_NULL: Path = ("spec", "optOut", "maxDuration")


@dataclass(frozen=True, slots=True)
class Reading:
    """`policy` is None exactly where there are errors. Both lists stand in the order of the file.

    `errors` holds the first 20, `more` counts the others. `warnings` are about keys without effect in this version.
    """

    policy: EnforcementPolicy | None
    root: Node | None
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    more: int = 0


def parse_policy(text: str, file: str) -> EnforcementPolicy:
    """The policy in `text`; PolicyFileError names `file` and the place of the first thing that is wrong."""
    reading = read_policy(text, file)
    if reading.policy is None:
        others = len(reading.errors) - 1 + reading.more
        more = f" (and {others} more: backstop policy check shows them)" if others else ""
        raise PolicyFileError(f"{reading.errors[0]}{more}", remedy=_REMEDY)
    return reading.policy


def read_policy(text: str, file: str) -> Reading:
    """The policy, or all errors of the file."""
    try:
        root = read_yaml(text, file)
    except UnreadableYamlError as error:
        return Reading(None, None, (error.problem,))
    notes = list(later_keys(root))
    errors = {each.path: _placed(file, root, each) for each in notes if each.refused}
    warnings = tuple(_placed(file, root, each) for each in notes if not each.refused)
    errors |= {path: _problem(file, root, path, _NOTHING) for path in empty_values(root) if path != _MAY_BE_NULL}
    twins = list(_twins(root))
    errors |= {path: _problem(file, root, path, what) for path, what in twins}
    data = without(root, [each.path for each in notes])
    found = list(errors.values())
    policy = None
    try:
        policy = EnforcementPolicy.model_validate(data)
    except ValidationError as error:
        told = {each.key for each in found} | ({"spec"} if twins else set())  # told with a better place
        found += [each for each in problems_in(error, root, EnforcementPolicy, file) if each.key not in told]
    found.sort(key=lambda each: (each.line, each.column))
    if found:
        return Reading(None, root, tuple(found[:MOST_ERRORS]), warnings, max(len(found) - MOST_ERRORS, 0))
    return Reading(policy, root, (), warnings)


_NOTHING = "has no value; give one, or take the key out"


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


def _placed(file: str, root: Node, note: Note) -> Problem:
    return _problem(file, root, note.path, note.what)


def _problem(file: str, root: Node, path: Path, what: str) -> Problem:
    node = root.nearest(path)
    return Problem(file, node.line, node.column, dotted(path), what)
