"""Selectors compiled to closures: a policy's conditions on a VM, turned once into functions that are cheap to call."""

import fnmatch
import re
from collections.abc import Callable, Iterable

from shared.domain.model import Vm
from shared.domain.policy import Selector, VaultChoice

Predicate = Callable[[Vm], bool]


def compile_selector(selector: Selector) -> Predicate:
    """A function that says whether a VM meets every condition of the selector; an empty selector meets all."""
    conditions = list(_conditions(selector))
    if not conditions:
        return lambda _vm: True
    if len(conditions) == 1:
        return conditions[0]
    return lambda vm: all(condition(vm) for condition in conditions)


def _conditions(selector: Selector) -> Iterable[Predicate]:
    if selector.all is not None:
        every = [compile_selector(each) for each in selector.all]
        yield lambda vm: all(one(vm) for one in every)
    if selector.any is not None:
        some = [compile_selector(each) for each in selector.any]
        yield lambda vm: any(one(vm) for one in some)
    if selector.not_ is not None:
        inner = compile_selector(selector.not_)
        yield lambda vm: not inner(vm)
    if selector.tags is not None:
        has_tags = compile_tags(selector.tags)
        yield lambda vm: has_tags(vm.tags)
    if selector.locations is not None:
        matches_location = compile_globs(normalise_location(each) for each in selector.locations)
        yield lambda vm: matches_location(vm.location)
    if selector.subscriptions is not None:
        matches_subscription = compile_globs(selector.subscriptions)
        yield lambda vm: matches_subscription(vm.id.subscription_id)
    if selector.resource_groups is not None:
        matches_group = compile_globs(selector.resource_groups)
        yield lambda vm: matches_group(vm.id.resource_group)
    if selector.names is not None:
        matches_name = compile_globs(selector.names)
        yield lambda vm: matches_name(vm.id.name)
    if selector.image_publishers is not None:
        matches_publisher = compile_globs(selector.image_publishers)
        yield lambda vm: matches_publisher(vm.image.publisher)


def compile_globs(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of the globs, without case."""
    pattern = re.compile("|".join(f"(?:{fnmatch.translate(each.lower())})" for each in globs))
    return lambda text: pattern.match(text.lower()) is not None


def compile_tags(wanted: dict[str, tuple[str, ...]]) -> Callable[..., bool]:
    """Whether tags hold every wanted name (without case) with one of its values (with case)."""
    pairs = [(name.lower(), frozenset(values)) for name, values in wanted.items()]

    def has(tags: dict[str, str]) -> bool:
        folded = {name.lower(): value for name, value in tags.items()}
        return all(folded.get(name) in values for name, values in pairs)

    return has


def compile_vault_choice(choice: VaultChoice) -> Callable[..., bool]:
    """Whether a vault's (name, tags) will do."""
    matches_name = compile_globs(choice.names) if choice.names is not None else None
    has_tags = compile_tags(choice.tags) if choice.tags is not None else None

    def accepts(name: str, tags: dict[str, str]) -> bool:
        return (matches_name is None or matches_name(name)) and (has_tags is None or has_tags(tags))

    return accepts


def normalise_location(text: str) -> str:
    """Azure's two spellings of a region (`West Europe`, `westeurope`) as one."""
    return text.replace(" ", "").lower()
