"""Reading a request's body: what is there has the right type, or the answer is Azure's 400 that names it.

Absent and null are the same, as to most of Azure. Refuses to know any resource.
"""

from typing import Any

from simulator.core.wire import AzureError, Json


def _wrong(name: str, wanted: str) -> AzureError:
    message = f"The request content was invalid and could not be deserialized: '{name}' must be {wanted}."
    return AzureError(400, "InvalidRequestContent", message)


def an_object(holder: Json, name: str) -> Json:
    """The object of that name, empty where there is none. Raises AzureError 400."""
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise _wrong(name, "an object")
    return value or {}


def a_list(holder: Json, name: str) -> list[Any]:
    """The list of that name, empty where there is none. Raises AzureError 400."""
    value = holder.get(name)
    if value is not None and not isinstance(value, list):
        raise _wrong(name, "a list")
    return value or []


def a_text(holder: Json, name: str) -> str:
    """The string of that name, empty where there is none. Raises AzureError 400."""
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, "a string")
    return value or ""


def texts(holder: Json, name: str) -> list[str]:
    """The list of strings of that name, empty where there is none. Raises AzureError 400."""
    found = a_list(holder, name)
    if not all(isinstance(each, str) for each in found):
        raise _wrong(name, "a list of strings")
    return found


def a_location(holder: Json) -> str:
    """The region as Azure keeps it: `West Europe` is `westeurope`. Raises AzureError 400 where there is none."""
    found = a_text(holder, "location").replace(" ", "").lower()
    if not found:
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    return found


def tags(holder: Json) -> dict[str, str] | None:
    """The tags as given, None where there are none. Raises AzureError 400."""
    if holder.get("tags") is None:
        return None
    found = an_object(holder, "tags")
    if len(found) > 50 or not all(isinstance(value, str) for value in found.values()):
        raise AzureError(400, "InvalidTags", "tags must be an object of at most 50 strings.")
    return dict(found)
