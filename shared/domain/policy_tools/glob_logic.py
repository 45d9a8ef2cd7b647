"""What can be said for certain about two lists of globs or two tests of a tag, without any VM at hand.

Every answer of True is proven; False means "not proven". Globs are compared as `selectors.py` compares them: without
case, `*`, `?` and `[...]`.
"""

import fnmatch
import re
from collections.abc import Collection

from shared.domain.policy_file.types import TagTest
from shared.domain.selectors import is_glob

_SPECIAL = re.compile(r"[*?\[\]]")


#: Pairs of globs that are held against each other; lists that make more are not looked into.
_MOST_PAIRS = 10_000


def covered(inner: Collection[str], outer: Collection[str]) -> bool:
    """Whether every text that matches one of `inner` matches one of `outer`."""
    lowered = {each.lower() for each in outer}
    left = [each.lower() for each in inner if each.lower() not in lowered]
    globs = [each for each in lowered if is_glob(each)]
    if len(left) * len(globs) > _MOST_PAIRS:
        return False
    return all(any(_covers(each, glob) for each in globs) for glob in left)


def disjoint(some: Collection[str], others: Collection[str]) -> bool:
    """Whether no text matches one of `some` and one of `others`."""
    left, right = {each.lower() for each in some}, {each.lower() for each in others}
    if left & right or len(left) * len(right) > _MOST_PAIRS:
        return False
    return all(_apart(each, other) for each in left for other in right)


def test_covered(inner: TagTest, outer: TagTest) -> bool:
    """Whether every value that passes `inner` passes `outer`."""
    if outer.like is not None:
        if inner.like is not None:
            return covered(inner.like, outer.like)
        # Case folds of letters beyond ASCII differ from their lower case; then nothing is proven.
        plain = all(each.isascii() and not is_glob(each) for each in inner.is_ or ())
        return plain and covered(inner.is_ or (), outer.like)
    if inner.is_ is None:
        return False
    wide = outer.is_ or ()
    if outer.ignore_case:
        return {each.casefold() for each in inner.is_} <= {each.casefold() for each in wide}
    return not inner.ignore_case and set(inner.is_) <= set(wide)


def tests_disjoint(one: TagTest, other: TagTest) -> bool:
    """Whether no value passes both."""
    if one.is_ is not None and other.is_ is not None:
        if one.ignore_case or other.ignore_case:
            return not {each.casefold() for each in one.is_} & {each.casefold() for each in other.is_}
        return not set(one.is_) & set(other.is_)
    if one.like is not None and other.like is not None:
        return disjoint(one.like, other.like)
    values, globs = (one.is_, other.like) if one.is_ is not None else (other.is_, one.like)
    return all(each.isascii() for each in values or ()) and not _any_match(values or (), globs or ())


def matches_empty(globs: Collection[str]) -> bool:
    """Whether an attribute that a VM does not have would match."""
    return _any_match(("",), globs)


def _any_match(values: Collection[str], globs: Collection[str]) -> bool:
    if len(values) * len(globs) > _MOST_PAIRS:
        return True  # the answer from which nothing follows
    lowered = [each.lower() for each in globs]
    return any(fnmatch.fnmatchcase(value.lower(), glob) for value in values for glob in lowered)


def _covers(outer: str, inner: str) -> bool:
    if outer == "*":
        return True
    if not is_glob(inner):
        return fnmatch.fnmatchcase(inner, outer)
    if outer.endswith("*") and _SPECIAL.search(outer[:-1]) is None:
        return _head(inner).startswith(outer[:-1])
    if outer.startswith("*") and _SPECIAL.search(outer[1:]) is None:
        return _tail(inner).endswith(outer[1:])
    return False


def _apart(one: str, other: str) -> bool:
    if not is_glob(one) or not is_glob(other):
        return not (fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one))
    first, second = _head(one), _head(other)
    if not (first.startswith(second) or second.startswith(first)):
        return True
    first, second = _tail(one), _tail(other)
    return not (first.endswith(second) or second.endswith(first))


def _head(glob: str) -> str:
    return _SPECIAL.split(glob, maxsplit=1)[0]


def _tail(glob: str) -> str:
    return _SPECIAL.split(glob)[-1]
