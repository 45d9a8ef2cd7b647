"""Selectors compiled to closures: a policy's conditions on a VM, turned once into functions that are cheap to call."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from shared.domain.attributes import TAGS, TEXTS, Need, Subject, TagAttribute, TextAttribute, image_kind
from shared.domain.policy_file.selector import Age, Selector
from shared.domain.policy_file.types import TagTest
from shared.domain.policy_file.vault import VaultSelect

Predicate = Callable[[Subject], bool]
_GLOB = re.compile(r"[*?\[]")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def compile_selector(selector: Selector) -> Predicate:
    """A function that says whether a VM meets every condition of the selector; an empty selector meets all."""
    return together(list(_conditions(selector)))


def together(conditions: list[Predicate]) -> Predicate:
    """All of them."""
    if not conditions:
        return _always
    if len(conditions) == 1:
        return conditions[0]
    first, *rest = conditions
    if len(rest) == 1:
        second = rest[0]
        return lambda subject: first(subject) and second(subject)

    def every(subject: Subject) -> bool:
        if not first(subject):
            return False
        for condition in rest:  # noqa: SIM110  # a generator would cost more than the conditions
            if not condition(subject):
                return False
        return True

    return every


def either(selectors: Iterable[Selector]) -> Predicate:
    """Any of them; never, where there are none."""
    some = [compile_selector(each) for each in selectors]
    if len(some) == 1:
        return some[0]

    def one_of(subject: Subject) -> bool:
        for one in some:  # noqa: SIM110  # as above
            if one(subject):
                return True
        return False

    return one_of


def needs(selectors: Iterable[Selector]) -> frozenset[Need]:
    """What has to be read of a VM, beyond the VM itself and its resource group, before these can be asked."""
    found: set[Need] = set()
    stack = list(selectors)
    while stack:
        each = stack.pop()
        stack += [*(each.all or ()), *(each.any or ()), *([each.not_] if each.not_ is not None else [])]
        for table in (TEXTS, TAGS):
            for name, attribute in table.items():
                need = attribute.need
                if need is not None and getattr(each, name) is not None:
                    found.add(need)
        if any(not is_guid(glob) for glob in each.subscriptions or ()):
            found.add(Need.SUBSCRIPTION)
    return frozenset(found)


def is_guid(glob: str) -> bool:
    """Whether this is a subscription's id, which is known without asking; names are not."""
    return _GUID.fullmatch(glob.lower()) is not None


def _always(_subject: Subject) -> bool:
    return True


def _conditions(selector: Selector) -> Iterator[Predicate]:
    """Cheap ones first: most VMs fail early."""
    yield from _plain(selector)
    if selector.all is not None:
        for each in selector.all:
            yield compile_selector(each)
    if selector.any is not None:
        yield either(selector.any)
    if selector.not_ is not None:
        inner = compile_selector(selector.not_)
        yield lambda subject: not inner(subject)


def _plain(selector: Selector) -> Iterator[Predicate]:
    for name, attribute in TEXTS.items():
        globs: tuple[str, ...] | None = getattr(selector, name)
        if globs is not None:
            yield text_condition(name, attribute, globs)
    for name, source in TAGS.items():
        wanted: Mapping[str, TagTest] | None = getattr(selector, name)
        for tag, test in (wanted or {}).items():
            yield tag_condition(source, tag, test)
    if selector.absent_tags is not None:
        is_absent = compile_globs(selector.absent_tags)
        yield lambda subject: not any(is_absent(tag) for tag in subject.tags)
    if selector.image is not None and selector.image != "any":
        kind = selector.image
        yield lambda subject: image_kind(subject.vm) == kind
    if selector.age is not None:
        yield _age_condition(selector.age)


def text_condition(name: str, attribute: TextAttribute, globs: Iterable[str]) -> Predicate:
    """Whether one of the attribute's values matches one of the globs."""
    spelt = [normalise_location(each) for each in globs] if name == "locations" else list(globs)
    matches = compile_globs(spelt)
    if attribute.one is not None:
        one = attribute.one
        return lambda subject: matches(one(subject.vm))
    many = attribute.many
    return lambda subject: many is not None and any(matches(each) for each in many(subject.vm))


def tag_condition(source: TagAttribute, tag: str, test: TagTest) -> Predicate:
    """Whether the tag is there and its value passes the test."""
    name, read, passes = tag.lower(), source.read, compile_tag_test(test)

    def holds(subject: Subject) -> bool:
        value = read(subject).get(name)
        return value is not None and passes(value)

    return holds


def compile_tag_test(test: TagTest) -> Callable[[str], bool]:
    """Whether a tag's value is one of the wanted."""
    if test.like is not None:
        return compile_globs(test.like)
    wanted = test.is_ or ()
    if test.ignore_case:
        folded = frozenset(each.casefold() for each in wanted)
        return lambda value: value.casefold() in folded
    exact = frozenset(wanted)
    return lambda value: value in exact


def _age_condition(age: Age) -> Predicate:
    def holds(subject: Subject) -> bool:
        created = subject.vm.created
        if created is None:
            return False
        lived = subject.now - created
        return (age.at_least is None or lived >= age.at_least) and (age.less_than is None or lived < age.less_than)

    return holds


def compile_globs(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of the globs, without case."""
    lowered = [each.lower() for each in globs]
    exact = frozenset(each for each in lowered if not is_glob(each))
    # Most globs are a beginning, as in `rg-app-*`, which is far cheaper to look for than a pattern.
    beginnings = tuple(each[:-1] for each in lowered if _is_beginning(each))
    patterns = [each for each in lowered if is_glob(each) and not _is_beginning(each)]
    if not beginnings and not patterns:
        return lambda text: text.lower() in exact
    if not patterns:
        return lambda text: (low := text.lower()) in exact or low.startswith(beginnings)
    match = re.compile("|".join(f"(?:{fnmatch.translate(each)})" for each in patterns)).match
    return lambda text: (low := text.lower()) in exact or low.startswith(beginnings) or match(low) is not None


def _is_beginning(glob: str) -> bool:
    return glob.endswith("*") and not is_glob(glob[:-1])


def is_glob(text: str) -> bool:
    """Whether the text means more than itself."""
    return _GLOB.search(text) is not None


def compile_vault_select(select: VaultSelect) -> Callable[[str, Mapping[str, str]], bool]:
    """Whether a vault's (name, tags) will do."""
    matches_name = compile_globs(select.names) if select.names is not None else None
    tests = [(tag.lower(), compile_tag_test(test)) for tag, test in (select.tags or {}).items()]

    def accepts(name: str, tags: Mapping[str, str]) -> bool:
        if matches_name is not None and not matches_name(name):
            return False
        folded = {each.lower(): value for each, value in tags.items()} if tests else {}
        return all(tag in folded and passes(folded[tag]) for tag, passes in tests)

    return accepts


def normalise_location(text: str) -> str:
    """Azure's two spellings of a region (`West Europe`, `westeurope`) as one."""
    return text.replace(" ", "").lower()
