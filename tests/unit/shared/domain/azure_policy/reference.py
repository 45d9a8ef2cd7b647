"""A second reading of Azure Policy's conditions, over a VM itself and written apart from the import.

It knows what the built-in definitions use, and stops at anything else. A field that a VM does not have is None: it
equals nothing and is in nothing, so that every negation holds.
"""

from typing import Any

from shared.domain.model import Vm


def applies(condition: dict[str, Any], parameters: dict[str, Any], vm: Vm) -> bool:
    """Whether the `if` holds for the VM."""
    if "allOf" in condition:
        return all(applies(each, parameters, vm) for each in condition["allOf"])
    if "anyOf" in condition:
        return any(applies(each, parameters, vm) for each in condition["anyOf"])
    if "not" in condition:
        return not applies(condition["not"], parameters, vm)
    (operator,) = condition.keys() - {"field", "value"}
    operand = _constant(condition[operator], parameters)
    have = (
        _field(condition["field"], parameters, vm)
        if "field" in condition
        else _constant(condition["value"], parameters)
    )
    if operator.startswith("not"):
        return not _holds(operator[3].lower() + operator[4:], have, operand)
    return _holds(operator, have, operand)


def _holds(operator: str, have: Any, operand: Any) -> bool:
    if have is None:
        return False
    text = str(have).lower()
    if operator == "equals":
        return text == str(operand).lower()
    if operator == "in":
        return text in [str(each).lower() for each in operand]
    if operator == "contains":
        return str(operand).lower() in text
    assert operator == "like", operator
    head, star, tail = str(operand).lower().partition("*")
    if not star:
        return text == head
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _constant(value: Any, parameters: dict[str, Any]) -> Any:
    if not isinstance(value, str) or not value.startswith("["):
        return value
    inner = value[1:-1]
    if inner.startswith("parameters('"):
        return parameters[inner.removeprefix("parameters('").removesuffix("')")]
    assert inner.startswith("empty(parameters('"), value
    return len(parameters[inner.removeprefix("empty(parameters('").removesuffix("'))")]) == 0


def _field(name: str, parameters: dict[str, Any], vm: Vm) -> str | None:
    start, end = "[concat('tags[', parameters('", "'), ']')]"
    if name.startswith(start):
        wanted = parameters[name.removeprefix(start).removesuffix(end)].lower()
        return {key.lower(): value for key, value in vm.tags.items()}.get(wanted)
    values = {
        "type": "Microsoft.Compute/virtualMachines",
        "location": vm.location,
        "id": vm.id.text,
        "Microsoft.Compute/imagePublisher": vm.image.publisher,
        "Microsoft.Compute/imageOffer": vm.image.offer,
        "Microsoft.Compute/imageSKU": vm.image.sku,
    }
    return values[name] or None
