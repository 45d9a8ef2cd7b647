"""Finds the first rule that matches a VM without asking every rule.

A rule is taken apart into clauses, one for each way in which its `any` can be met; each clause is a bit of a number.
For each attribute that rules ask for, a table says which clauses accept which value. A VM's candidates are what is left
after one look into each table; only their rules are asked in full, in order. So the cost of a VM grows with the
attributes that the policy looks at, hardly with its rules. The tables only ever rule clauses out; the answer is that of
asking one rule after another, and a property test holds it to that.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.domain.attributes import TAGS, TEXTS, Subject
from shared.domain.policy import Rule
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_file.types import TagTest
from shared.domain.selectors import (
    Predicate,
    compile_globs,
    compile_selector,
    compile_tag_test,
    either,
    is_glob,
    is_guid,
    normalise_location,
)

#: Attributes with one value, by which rules can be looked up.
_SINGLE = tuple(name for name, attribute in TEXTS.items() if attribute.one is not None)
#: A rule with more ways to be met than this is kept as one clause, without its `any`.
_MOST_CLAUSES = 32
#: What is another for nearly every VM: to remember it would only fill memory.
_UNIQUE = frozenset({("names", "")})
#: Values that a table remembers; beyond, it forgets them all and begins again.
_MOST_VALUES = 20_000

Key = tuple[str, str]  # attribute and, for tags, the tag's name in lower case


@dataclass(frozen=True, slots=True)
class _Test:
    """What one clause asks of one attribute: exact values, or globs, or another test."""

    exact: frozenset[str] = frozenset()
    globs: tuple[str, ...] = ()
    other: Callable[[str], bool] | None = None

    @property
    def passes(self) -> Callable[[str], bool] | None:
        """A function for all but exact values."""
        return compile_globs(self.globs) if self.globs else self.other


@dataclass(slots=True)
class _Table:
    """Which clauses accept which value of one attribute; `others` do not ask, `asking` do.

    `known` remembers values beside the exact ones; None where hardly a value comes twice.
    """

    read: Callable[[Subject], str | None]
    others: int
    exact: dict[str, int]
    tests: list[tuple[int, Callable[[str], bool]]]
    any_test: Callable[[str], bool] | None
    asking: int
    known: dict[str, int] | None

    def accepting(self, value: str) -> int:
        """The clauses that are not ruled out by this value; for a table with tests beside exact values."""
        known = self.known
        if known is not None and (seen := known.get(value)) is not None:
            return seen
        mask = self.exact.get(value, self.others)
        if self.any_test is not None and self.any_test(value):
            for bit, passes in self.tests:
                if passes(value):
                    mask |= bit
        if known is not None:
            if len(known) >= _MOST_VALUES:
                known.clear()
            known[value] = mask
        return mask


class RuleIndex:
    """The rules of a policy, in the order in which they are tried."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._whole = [_whole(rule) for rule in rules]
        self._rule_of: list[int] = []
        asked: dict[Key, list[tuple[int, _Test]]] = {}
        for position, rule in enumerate(rules):
            for clause in _clauses(rule.match):
                bit = 1 << len(self._rule_of)
                self._rule_of.append(position)
                for key, test in clause:
                    asked.setdefault(key, []).append((bit, test))
        self._every = (1 << len(self._rule_of)) - 1
        # Plain look-ups before globs, and those that most clauses ask first: a VM's candidates soon are few.
        tables = [(len(found), _table(key, found, self._every)) for key, found in asked.items()]
        self._tables = [table for _, table in sorted(tables, key=lambda each: (bool(each[1].tests), -each[0]))]

    def first(self, subject: Subject) -> int | None:
        """The position of the first rule that matches, or None."""
        left = self._every
        for table in self._tables:
            if not left & table.asking:
                continue  # no candidate left asks for it, so that its cost is this one look
            value = table.read(subject)
            if value is None:
                left &= table.others
            elif table.any_test is None:
                left &= table.exact.get(value, table.others)
            else:
                left &= table.accepting(value)
        tried = -1
        while left:
            lowest = left & -left
            position = self._rule_of[lowest.bit_length() - 1]
            if position != tried and self._whole[position](subject):
                return position
            tried = position
            left ^= lowest
        return None


def _table(key: Key, found: list[tuple[int, _Test]], every: int) -> _Table:
    asking = 0
    for bit, _ in found:
        asking |= bit
    others = every & ~asking
    exact = dict.fromkeys((value for _, test in found for value in test.exact), others)
    for bit, test in found:
        for value in test.exact:
            exact[value] |= bit
    tests = [(bit, passes) for bit, test in found if (passes := test.passes) is not None]
    any_test = _any_of([test for _, test in found]) if tests else None
    return _Table(_reader(key), others, exact, tests, any_test, asking, None if key in _UNIQUE else {})


def _any_of(tests: list[_Test]) -> Callable[[str], bool]:
    """Whether a value passes any of the tests: all globs as one pattern, since most values match none of them."""
    globs = [glob for test in tests for glob in test.globs]
    rest = [test.other for test in tests if test.other is not None]
    matches = compile_globs(globs)
    if not rest:
        return matches
    return lambda value: matches(value) or any(each(value) for each in rest)


def _whole(rule: Rule) -> Predicate:
    """All conditions of the rule: `match` and none of `exclude`."""
    matches = compile_selector(rule.match)
    if not rule.exclude:
        return matches
    excluded = either(rule.exclude)
    return lambda subject: matches(subject) and not excluded(subject)


def _clauses(selector: Selector) -> list[tuple[tuple[Key, _Test], ...]]:
    """The ways in which the selector can be met, each by its tests on single-valued attributes.

    Every VM that meets the selector passes all tests of one clause at least; the reverse need not hold.
    """
    factors: list[list[tuple[tuple[Key, _Test], ...]]] = [[tuple(_tests(selector))]]
    factors += [_clauses(each) for each in selector.all or ()]
    if selector.any is not None:
        factors.append([clause for each in selector.any for clause in _clauses(each)])
    count = 1
    for factor in factors:
        if count * len(factor) > _MOST_CLAUSES:
            factor[:] = [()]  # not taken apart: the rule is asked in full
        count *= len(factor)
    return [tuple(itertools.chain.from_iterable(parts)) for parts in itertools.product(*factors)]


def _tests(selector: Selector) -> Iterator[tuple[Key, _Test]]:
    for name in _SINGLE:
        wanted: tuple[str, ...] | None = getattr(selector, name)
        if wanted is not None:
            spelt = [normalise_location(each) if name == "locations" else each.lower() for each in wanted]
            if any(is_glob(each) for each in spelt):
                yield (name, ""), _Test(globs=tuple(spelt))
            else:
                yield (name, ""), _Test(frozenset(spelt))
    if selector.subscriptions is not None and all(is_guid(each) for each in selector.subscriptions):
        yield ("subscriptions", ""), _Test(frozenset(each.lower() for each in selector.subscriptions))
    for name in TAGS:
        tests: dict[str, TagTest] = getattr(selector, name) or {}
        for tag, test in tests.items():
            if test.is_ is not None and not test.ignore_case:
                yield (name, tag.lower()), _Test(frozenset(test.is_))
            elif test.like is not None:
                yield (name, tag.lower()), _Test(globs=test.like)
            else:
                yield (name, tag.lower()), _Test(other=compile_tag_test(test))


def _reader(key: Key) -> Callable[[Subject], str | None]:
    name, tag = key
    if name == "tags":
        return lambda subject: subject.tags.get(tag)
    if name in TAGS:
        read = TAGS[name].read
        return lambda subject: read(subject).get(tag)
    if name == "subscriptions":
        return lambda subject: subject.vm.id.subscription_id
    one = TEXTS[name].one
    if one is None:
        raise ValueError(f"{name} has several values and cannot be looked up")
    return lambda subject: one(subject.vm).lower()
