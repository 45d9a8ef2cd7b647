"""A selector held against a VM, condition by condition, in words: what was asked, what the VM has, and the answer.

It decides nothing: each answer comes from the function that rules are compiled with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.attributes import TAGS, TEXTS, Subject, image_kind
from shared.domain.durations import format_duration
from shared.domain.policy_file.selector import Age, Selector
from shared.domain.policy_file.types import TagTest
from shared.domain.selectors import compile_selector

#: Where an effective tag may come from, nearest first.
ORIGINS = {"tags": "", "resource_group_tags": " (resource group)", "subscription_tags": " (subscription)"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a selector, what the VM has there, and whether that meets it; `inner` holds nested ones."""

    text: str
    seen: str
    met: bool
    inner: tuple["Condition", ...] = ()


def conditions_of(subject: Subject, selector: Selector) -> tuple[Condition, ...]:
    """Every condition of the selector against the VM; none at all for a selector that matches everything."""
    return tuple(_conditions(subject, selector))


def these(subject: Subject, selectors: tuple[Selector, ...]) -> tuple[Condition, ...]:
    """Each of the selectors as one condition: its only one, or all of several."""
    return tuple(_as_one(subject, each) for each in selectors)


def _as_one(subject: Subject, selector: Selector) -> Condition:
    inner = conditions_of(subject, selector)
    if not inner:
        return Condition("anything", "", True)
    return inner[0] if len(inner) == 1 else Condition("all of", "", compile_selector(selector)(subject), inner)


def _conditions(subject: Subject, selector: Selector) -> Iterator[Condition]:
    for name in ("all", "any"):
        parts: tuple[Selector, ...] | None = getattr(selector, name)
        if parts is not None:
            inner = these(subject, parts)
            yield Condition(f"{name} of", "", _met(subject, name, parts), inner)
    if selector.not_ is not None:
        yield Condition("not", "", _met(subject, "not_", selector.not_), conditions_of(subject, selector.not_))
    for name, source in TAGS.items():
        tests: Mapping[str, TagTest] | None = getattr(selector, name)
        for tag, test in (tests or {}).items():
            seen = tag_seen(subject, name, tag)
            yield Condition(f"{source.words} {tag} {_wanted(test)}", seen, _met(subject, name, {tag: test}))
    if selector.absent_tags is not None:
        seen = ", ".join(sorted(subject.vm.tags)) or "no tags"
        what = f"no tag named {_one_of(selector.absent_tags)}"
        yield Condition(what, seen, _met(subject, "absent_tags", selector.absent_tags))
    for name, attribute in TEXTS.items():
        globs: tuple[str, ...] | None = getattr(selector, name)
        if globs is not None:
            seen = ", ".join(attribute.values(subject.vm)) or "none"
            yield Condition(f"{attribute.words} is {_one_of(globs)}", seen, _met(subject, name, globs))
    if selector.image is not None:
        yield Condition(f"image is {selector.image}", image_kind(subject.vm), _met(subject, "image", selector.image))
    if selector.age is not None:
        created = subject.vm.created
        seen = "time of creation not shown" if created is None else format_age(subject.now - created)
        yield Condition(f"age is {_bounds(selector.age)}", seen, _met(subject, "age", selector.age))


def tag_seen(subject: Subject, name: str, tag: str) -> str:
    """`name` is a key of `TAGS`. The tag as its owner spelt it, and for an effective tag where it comes from."""
    vm = subject.vm
    origins = {"tags": vm.tags, "resource_group_tags": vm.group_tags, "subscription_tags": vm.subscription_tags}
    places = ORIGINS if name == "effective_tags" else {name: ""}
    for place, words in places.items():
        for spelt, value in origins[place].items():
            if spelt.lower() == tag.lower():
                return f"{spelt}={value}{words}"
    return "no such tag"


def format_age(lived: timedelta) -> str:
    """Days and hours, as people say it."""
    days, hours = lived.days, lived.seconds // 3600
    return f"{days} days" if days >= 2 else f"{days * 24 + hours} hours"


def _bounds(age: Age) -> str:
    parts = []
    if age.at_least is not None:
        parts.append(f"at least {format_duration(age.at_least)}")
    if age.less_than is not None:
        parts.append(f"less than {format_duration(age.less_than)}")
    return " and ".join(parts)


def _wanted(test: TagTest) -> str:
    if test.like is not None:
        return "is there" if test.like == ("*",) else f"is like {_one_of(test.like)}"
    case = ", whatever the case" if test.ignore_case else ""
    return f"is {_one_of(test.is_ or ())}{case}"


def _met(subject: Subject, field: str, value: object) -> bool:
    """The condition alone, asked by the function that rules are compiled with."""
    return compile_selector(Selector().model_copy(update={field: value}))(subject)


def _one_of(values: tuple[str, ...]) -> str:
    return " or ".join(each or "empty" for each in values)
