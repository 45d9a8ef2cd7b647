"""Finds the first rule that matches a VM without asking every rule.

Each plain condition of a rule (`locations: [westeurope]`, `tags: {env: prod}`) is an entry in a table from the value
to the set of rules that accept it, kept as the bits of a number. A VM's candidates are what is left after one look
into each table; only they are asked for the rest of their conditions, in order. So the cost of a VM grows with the
attributes that the policy looks at, hardly with its rules. The answer is that of asking one rule after another, and a
property test holds it to that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.domain.attributes import TAGS, TEXTS, Subject
from shared.domain.policy import Rule
from shared.domain.policy_selector import Selector
from shared.domain.selectors import Predicate, compile_selector, either, is_glob, normalise_location

#: Attributes with one value, by which rules can be looked up; a subscription's name is a second value, so not here.
_INDEXED = ("locations", "resource_groups", "os", "sizes", "image_publishers", "security_types", "priorities", "names")


@dataclass(frozen=True, slots=True)
class _Table:
    """Which rules accept which value of one attribute. `others`: those that accept any value, or that do not ask."""

    read: Callable[[Subject], str | None]
    accepting: dict[str, int]
    others: int


class RuleIndex:
    """The rules of a policy, in the order in which they are tried."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._residue: list[Predicate] = []
        entries: dict[tuple[str, str], list[tuple[int, frozenset[str]]]] = {}
        for position, rule in enumerate(rules):
            for key, values in _plain(rule.match):
                entries.setdefault(key, []).append((position, values))
            self._residue.append(_whole(rule))
        self._every = (1 << len(rules)) - 1
        self._tables = [self._table(key, found) for key, found in entries.items()]

    def _table(self, key: tuple[str, str], found: list[tuple[int, frozenset[str]]]) -> _Table:
        asking = 0
        accepting: dict[str, int] = {}
        for position, _ in found:
            asking |= 1 << position
        others = self._every & ~asking
        for value in {each for _, values in found for each in values}:
            mask = others
            for position, values in found:
                # Two conditions of one rule on one attribute: it accepts what both do, and the residue asks for both.
                if value in values:
                    mask |= 1 << position
            accepting[value] = mask
        return _Table(_reader(key), accepting, others)

    def first(self, subject: Subject) -> int | None:
        """The position of the first rule that matches, or None."""
        left = self._every
        for table in self._tables:
            value = table.read(subject)
            left &= table.others if value is None else table.accepting.get(value, table.others)
            if not left:
                return None
        while left:
            lowest = left & -left
            position = lowest.bit_length() - 1
            if self._residue[position](subject):
                return position
            left ^= lowest
        return None


def _whole(rule: Rule) -> Predicate:
    """All conditions of the rule: `match` and none of `exclude`."""
    matches = compile_selector(rule.match)
    if not rule.exclude:
        return matches
    excluded = either(rule.exclude)
    return lambda subject: matches(subject) and not excluded(subject)


def _plain(selector: Selector) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """(attribute, the values that it may have) for each condition without globs that the whole selector hangs on."""
    for name in _INDEXED:
        wanted: tuple[str, ...] | None = getattr(selector, name)
        if wanted is not None and not any(is_glob(each) for each in wanted):
            spelt = (normalise_location(each) if name == "locations" else each.lower() for each in wanted)
            yield (name, ""), frozenset(spelt)
    for name in TAGS:
        for tag, test in (getattr(selector, name) or {}).items():
            if test.is_ is not None and not test.ignore_case:
                yield (name, tag.lower()), frozenset(test.is_)
    for each in selector.all or ():
        yield from _plain(each)


def _reader(key: tuple[str, str]) -> Callable[[Subject], str | None]:
    name, tag = key
    if name in TAGS:
        read = TAGS[name].read
        return lambda subject: read(subject).get(tag)
    one = TEXTS[name].one
    if one is None:
        raise ValueError(f"{name} has several values and cannot be looked up")
    return lambda subject: one(subject.vm).lower()
