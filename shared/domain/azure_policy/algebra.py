"""Selectors put together and turned round, as short as they can be said. True and False stand for all VMs and none."""

from shared.domain.azure_policy.leaf import FIELDS, Selector


def negated(found: Selector | bool) -> Selector | bool:
    """The opposite."""
    if isinstance(found, bool):
        return not found
    return found["not"] if set(found) == {"not"} else {"not": found}


def together(found: list[Selector]) -> Selector | bool:
    """All of them, as one selector where their keys differ."""
    whole: Selector = {}
    rest: list[Selector] = []
    for each in found:
        if each.keys() & whole.keys() or "all" in each:
            rest += each["all"] if set(each) == {"all"} else [each]
        else:
            whole |= each
    if rest:
        whole["all"] = rest
    return whole or True


def either(found: list[Selector]) -> Selector | bool:
    """Any of them; those that look at one and the same list are put together."""
    merged: list[Selector] = []
    for each in found:
        key = next(iter(each)) if len(each) == 1 else ""
        same = next((other for other in merged if key in FIELDS.values() and list(other) == [key]), None)
        if same is None:
            merged.append(dict(each))
        else:
            same[key] = list(dict.fromkeys([*same[key], *each[key]]))
    if not merged:
        return False
    return merged[0] if len(merged) == 1 else {"any": merged}
