"""One condition of an Azure Policy definition, such as `field: location, equals: westeurope`, as a selector of ours.

Only conditions that mean exactly the same are turned into one; every other is refused and so told to the user.
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.domain.azure_policy.functions import Around, Field, NotUnderstoodError

Selector = dict[str, Any]

VM_TYPE = "microsoft.compute/virtualmachines"
ANY = "?*"  # a glob for whatever is there; unlike "*" it does not match what a VM does not have
_LONGEST = 256  # what a tag's value may have in Azure; names are shorter
_COMPUTE = "microsoft.compute/"
_VM = "microsoft.compute/virtualmachines/"
#: What a condition's `field` looks at, by the key of a selector that looks at the same.
FIELDS: Mapping[str, str] = {
    "location": "locations",
    "name": "names",
    f"{_COMPUTE}imagepublisher": "imagePublishers",
    f"{_COMPUTE}imageoffer": "imageOffers",
    f"{_COMPUTE}imagesku": "imageSkus",
    f"{_VM}storageprofile.imagereference.publisher": "imagePublishers",
    f"{_VM}storageprofile.imagereference.offer": "imageOffers",
    f"{_VM}storageprofile.imagereference.sku": "imageSkus",
    f"{_VM}storageprofile.osdisk.ostype": "os",
    f"{_VM}hardwareprofile.vmsize": "sizes",
    f"{_VM}sku.name": "sizes",
}
_TAG = re.compile(r"tags(?:\[\s*'?(?P<quoted>.*?)'?\s*\]|\.(?P<plain>.+))", re.IGNORECASE | re.DOTALL)
NEGATIONS = {"notequals": "equals", "notin": "in", "notlike": "like", "notcontains": "contains"}
_PART_OF_ID = re.compile(
    r"/(?P<kind>resourcegroups|virtualmachines|subscriptions)/(?P<name>[^/]+)(?P<end>/?)", re.IGNORECASE
)
_AROUND: Mapping[tuple[str, tuple[str, ...]], str] = {
    ("resourceGroup", ("name",)): "resourceGroups",
    ("subscription", ("subscriptionid",)): "subscriptions",
}
_ID_KEYS = {"resourcegroups": "resourceGroups", "virtualmachines": "names", "subscriptions": "subscriptions"}


def condition_on(looked_at: Field | Around, operator: str, operand: Any) -> Selector | bool:
    """The selector for a condition on a part of the VM or of what it lies in; False where none can meet it."""
    if isinstance(looked_at, Field):
        name = looked_at.name.lower()
        if name == "tags" and operator == "containskey" and isinstance(operand, str):
            return _tag("tags", operand, "exists", True)
        if (tag := _TAG.fullmatch(looked_at.name)) is not None:
            return _tag("tags", tag["quoted"] if tag["quoted"] is not None else tag["plain"], operator, operand)
        if name == "id":
            return _id(operator, operand)
        if (key := FIELDS.get(name)) is not None:
            return _text(key, operator, operand)
        raise NotUnderstoodError("this field is not one that a match can look at")
    path = tuple(each.lower() for each in looked_at.path)
    if len(path) == 2 and path[0] == "tags":
        source = "resourceGroupTags" if looked_at.of == "resourceGroup" else "subscriptionTags"
        return _tag(source, looked_at.path[1], operator, operand)
    if (key := _AROUND.get((looked_at.of, path))) is not None:
        return _text(key, operator, operand)
    raise NotUnderstoodError("")


def _text(key: str, operator: str, operand: Any) -> Selector | bool:
    if operator == "exists":
        return {key: [ANY]} if _truth(operand) else {"not": {key: [ANY]}}
    if operator == "in":
        if not operand:
            return False
        globs = [plain(each) for each in _texts(operand)]
    elif operator == "equals":
        globs = [plain(each) for each in _texts([operand])]
    elif operator == "like":
        globs = [like(each) if each.strip("*") else ANY for each in _texts([operand])]
    elif operator == "contains":
        globs = [f"*{plain(each)}*" for each in _texts([operand])]
    else:
        raise NotUnderstoodError("")
    if key == "os" and not {each.lower() for each in globs} <= {"windows", "linux"}:
        raise NotUnderstoodError("the operating system is either Windows or Linux")
    return {key: list(dict.fromkeys(globs))}


def _tag(source: str, name: str, operator: str, operand: Any) -> Selector | bool:
    if operator in {"equals", "in"}:
        values = operand if operator == "in" else [operand]
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise NotUnderstoodError("a tag is compared with something that is no text")
        if any(len(each) > _LONGEST for each in values):
            raise NotUnderstoodError("a text of more than 256 characters")
        if not values or not name:
            return False
        return {source: {name: {"is": list(dict.fromkeys(values)), "ignoreCase": True}}}
    if not name:
        raise NotUnderstoodError("a tag without a name")
    if operator == "exists":
        there: Selector = {source: {name: {"like": "*"}}}
        return there if _truth(operand) else {"not": there}
    if operator == "like":
        return {source: {name: {"like": [like(each) for each in _texts([operand])]}}}
    if operator == "contains":
        return {source: {name: {"like": [f"*{plain(each)}*" for each in _texts([operand])]}}}
    raise NotUnderstoodError("")


def _id(operator: str, operand: Any) -> Selector:
    """`contains` with one segment of the id, of which the last may be cut short."""
    if operator == "contains" and isinstance(operand, str):
        match = _PART_OF_ID.fullmatch(operand)
        if match is not None:
            return {_ID_KEYS[match["kind"].lower()]: [plain(match["name"]) + ("" if match["end"] else "*")]}
    raise NotUnderstoodError("only one segment of the id, such as /resourceGroups/name-, can be asked for")


def compare(value: Any, operator: str, operand: Any) -> bool:
    """A condition on a constant. Truth values and their texts are the same, as parameters carry both."""
    folded = _fold(value)
    if operator == "equals":
        return bool(folded == _fold(operand))
    if operator == "in" and isinstance(operand, list):
        return folded in [_fold(each) for each in operand]
    if operator == "exists":
        return (value is not None) == _truth(operand)
    if operator == "contains" and isinstance(value, str) and isinstance(operand, str):
        return operand.lower() in value.lower()
    if operator == "like" and isinstance(value, str) and isinstance(operand, str):
        pattern = ".*".join(re.escape(each) for each in operand.split("*"))
        return re.fullmatch(pattern, value, re.IGNORECASE | re.DOTALL) is not None
    raise NotUnderstoodError("")


def plain(text: str) -> str:
    """A glob for this very text."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def like(text: str) -> str:
    """A glob for Azure Policy's `like`, in which `*` alone is special."""
    return "*".join(plain(each) for each in text.split("*"))


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise NotUnderstoodError("it is compared with something that is no text")
    if not all(values):
        raise NotUnderstoodError("it is compared with an empty text")
    if any(len(plain(each)) > _LONGEST - 2 for each in values):
        raise NotUnderstoodError("a text of more than 256 characters")
    return values


def _truth(value: Any) -> bool:
    if _fold(value) not in {"true", "false"}:
        raise NotUnderstoodError("")
    return bool(_fold(value) == "true")


def _fold(value: Any) -> Any:
    return str(value).lower() if isinstance(value, str | bool) else value
