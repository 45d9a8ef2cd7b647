"""What can be proven about selectors without any VM: that one can never hold, that one follows from another.

Every True is proven; False means "not proven", also where the proof would take too long. So a warning that rests on it
is never wrong, and some mistakes go unseen. It looks at one selector against one other, never at the sum of several.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from shared.domain.attributes import TAGS, TEXTS
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_file.types import TagTest
from shared.domain.policy_tools.glob_logic import covered, disjoint, matches_empty, test_covered, tests_disjoint
from shared.domain.selectors import normalise_location

Parts = Sequence[Selector]
_MOST_PARTS = 50


def parts(selector: Selector) -> list[Selector]:
    """The selectors that must all hold for this one to hold: itself, and those of its `all`, however deep."""
    found = [selector]
    for each in (*(selector.all or ()), *(selector.any if selector.any and len(selector.any) == 1 else ())):
        found += parts(each)
    return found


class Prover:
    """Proves with a bounded number of steps, so that no policy can make it slow."""

    def __init__(self, steps: int = 20_000) -> None:
        self._left = steps

    def never(self, selector: Selector) -> str:
        """Why no VM can ever meet the selector; empty where that is not proven."""
        return self._never(parts(selector))

    def never_both(self, one: Selector, other: Selector) -> bool:
        """Whether no VM can meet both."""
        return bool(self._never([*parts(one), *parts(other)]))

    def implies(self, one: Selector, other: Selector) -> bool:
        """Whether every VM that meets `one` meets `other`."""
        return self._implies(parts(one), other)

    def always(self, selector: Selector) -> bool:
        """Whether every VM meets the selector."""
        return self._implies((), selector)

    def _may_go_on(self, held: Parts) -> bool:
        self._left -= len(held) + 1
        return self._left >= 0 and len(held) <= _MOST_PARTS

    def _never(self, held: Parts) -> str:
        if not self._may_go_on(held):
            return ""
        if (why := _contradiction(held)) != "":
            return why
        for each in held:
            if each.any is not None and not each.any:
                return "`any` is empty, so it never holds"
            if each.not_ is not None and self._implies(_without(held, each), each.not_):
                return "`not` takes away all that the other conditions leave"
            plain = [_plain(one) for one in held]
            if each.any and all(self._never([*plain, *parts(member)]) for member in each.any):
                return "no member of `any` can hold together with the other conditions"
        return ""

    def _implies(self, held: Parts, wanted: Selector) -> bool:
        if not self._may_go_on(held):
            return False
        if self._each_implied(held, wanted):
            return True
        plain = [_plain(one) for one in held]
        return any(
            all(self._implies([*plain, *parts(member)], wanted) for member in each.any) for each in held if each.any
        )

    def _each_implied(self, held: Parts, wanted: Selector) -> bool:
        return (
            all(_text_implied(held, name, globs) for name, globs in _texts(wanted))
            and all(_tag_implied(held, source, tag, test) for source, tag, test in _tag_tests(wanted))
            and (wanted.absent_tags is None or covered(wanted.absent_tags, _absent(held)))
            and (wanted.image in {None, "any"} or wanted.image in _image_kinds(held))
            and _age_implied(held, wanted)
            and all(self._implies(held, each) for each in wanted.all or ())
            and (wanted.any is None or any(self._implies(held, each) for each in wanted.any))
            and (wanted.not_ is None or self._excluded(held, wanted.not_))
        )

    def _excluded(self, held: Parts, unwanted: Selector) -> bool:
        inside = parts(unwanted)
        return bool(self._never([*held, *inside])) or any(
            each.not_ is not None and self._implies(inside, each.not_) for each in held
        )


def asked(selector: Selector) -> frozenset[str]:
    """What a selector surely asks for, a word for each condition."""
    return frozenset(word for each in parts(selector) for word in _words(each))


def mentioned(selector: Selector) -> frozenset[str]:
    """What a selector speaks of anywhere: one that implies another mentions all that the other surely asks for."""
    inner = (*(selector.all or ()), *(selector.any or ()), *((selector.not_,) if selector.not_ is not None else ()))
    return frozenset(_words(selector)).union(*(mentioned(each) for each in inner))


def _words(selector: Selector) -> Iterator[str]:
    yield from (name for name, globs in _texts(selector) if "*" not in globs)
    yield from (f"tag {tag}" for _, tag, _ in _tag_tests(selector))
    if selector.absent_tags is not None:
        yield "absent_tags"


def _contradiction(held: Parts) -> str:
    for name, attribute in TEXTS.items():
        if attribute.one is not None:
            lists = [globs for each in held for found, globs in _texts(each) if found == name]
            if any(disjoint(one, other) for i, one in enumerate(lists) for other in lists[:i]):
                return f"its conditions on the {attribute.words} contradict each other"
    for source in TAGS:
        for tag, tests in _tests_of(held, source).items():
            if any(tests_disjoint(one, other) for i, one in enumerate(tests) for other in tests[:i]):
                return f"its conditions on the tag {tag} contradict each other"
    wanted = [tag for each in held for tag in each.tags or {}]
    if any(covered([tag], _absent(held)) for tag in wanted):
        return "it asks for a tag that `absentTags` rules out"
    if {"custom", "marketplace"} <= _image_kinds(held):
        return "a custom image has no publisher, and it asks for both"
    at_least, less_than = _ages(held)
    return "its conditions on the age contradict each other" if at_least >= less_than else ""


def _texts(selector: Selector) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in TEXTS:
        globs: tuple[str, ...] | None = getattr(selector, name)
        if globs is not None:
            yield name, tuple(normalise_location(each) for each in globs) if name == "locations" else globs


def _text_implied(held: Parts, name: str, wanted: tuple[str, ...]) -> bool:
    if TEXTS[name].one is not None and "*" in wanted:
        return True
    return any(found == name and covered(globs, wanted) for each in held for found, globs in _texts(each))


def _tag_tests(selector: Selector) -> Iterator[tuple[str, str, TagTest]]:
    for source in TAGS:
        tests: dict[str, TagTest] | None = getattr(selector, source)
        for tag, test in (tests or {}).items():
            yield source, tag.lower(), test


def _tests_of(held: Parts, source: str) -> dict[str, list[TagTest]]:
    """What is asked of the tags of one origin, by name. A VM's own tag is its effective one."""
    sources = {source, "tags"} if source == "effective_tags" else {source}
    found: dict[str, list[TagTest]] = {}
    for each in held:
        for origin, tag, test in _tag_tests(each):
            if origin in sources:
                found.setdefault(tag, []).append(test)
    return found


def _tag_implied(held: Parts, source: str, tag: str, test: TagTest) -> bool:
    return any(test_covered(each, test) for each in _tests_of(held, source).get(tag, ()))


def _absent(held: Parts) -> list[str]:
    return [glob for each in held for glob in each.absent_tags or ()]


def _image_kinds(held: Parts) -> set[str]:
    kinds = {str(each.image) for each in held if each.image not in {None, "any"}}
    if any(each.image_publishers is not None and not matches_empty(each.image_publishers) for each in held):
        kinds.add("marketplace")
    return kinds


def _ages(held: Parts) -> tuple[timedelta, timedelta]:
    ages = [each.age for each in held if each.age is not None]
    at_least = max((each.at_least for each in ages if each.at_least is not None), default=timedelta.min)
    return at_least, min((each.less_than for each in ages if each.less_than is not None), default=timedelta.max)


def _age_implied(held: Parts, wanted: Selector) -> bool:
    if wanted.age is None:
        return True
    at_least, less_than = _ages(held)
    return (wanted.age.at_least is None or wanted.age.at_least <= at_least) and (
        wanted.age.less_than is None or wanted.age.less_than >= less_than
    )


def _plain(selector: Selector) -> Selector:
    return selector.model_copy(update={"all": None, "any": None})


def _without(held: Parts, denied: Selector) -> list[Selector]:
    return [each.model_copy(update={"not_": None}) if each is denied else each for each in held]
