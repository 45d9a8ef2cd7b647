"""Holds a value against a definition of Azure's, with what Swagger 2.0 adds to JSON schema.

A value must fit both the OpenAPI definition and the SDK's model where both know it. `discriminator` counts (a value is
held against its concrete model, named by `x-ms-discriminator-value` or by the SDK), and so do `x-nullable`, `date-time`
and open enums (`modelAsString`). A key that neither source knows is an error of its own kind, `unknown-key`.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker, ValidationError, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.contract.spec.definitions import Area
from tests.contract.spec.documents import Json


def _closed(_validator: Any, name: str, instance: Any, schema: Json) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for key in instance.keys() - schema["properties"].keys():
            error = ValidationError(f"{name} has no '{key}'", validator="unknown-key", path=[key], instance=key)
            yield error


def _dispatched(validator: Any, rule: Json, instance: Any, _schema: Json) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        yield ValidationError(f"{rule['base']} must be an object", validator="type")
        return
    value, name = instance.get(rule["by"]), rule["base"]
    if value is not None:
        if value not in rule["to"]:
            yield ValidationError(f"{rule['base']} knows no {rule['by']} '{value}'", validator="discriminator")
            return
        name = rule["to"][value]
    yield from validator.descend(instance, {"$ref": f"#/bodies/{name}"})


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    except ValueError:
        return False
    return True


def _is_duration(value: object) -> bool:
    pattern = r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
    return not isinstance(value, str) or re.fullmatch(pattern, value) is not None


FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time")(_is_moment)
FORMATS.checks("duration")(_is_duration)
_Validator = validators.extend(Draft4Validator, {"x-closed": _closed, "x-dispatch": _dispatched})


@cache
def _registry(area: str) -> tuple[Json, Any]:
    document = Area(area).document
    resource = Resource.from_contents(document, default_specification=DRAFT4)
    return document, Registry().with_resource(f"urn:{area}", resource)


@cache
def known(area: str) -> frozenset[str]:
    """The names of an area's definitions."""
    return frozenset(_registry(area)[0]["definitions"])


def errors(area: str, schema: Json, instance: Any) -> list[ValidationError]:
    """What is wrong with `instance`. `schema` may name the area's definitions by `#/definitions/…`."""
    document, registry = _registry(area)
    validator = _Validator(document | schema, registry=registry, format_checker=FORMATS)
    return sorted(validator.iter_errors(instance), key=lambda e: str(e.absolute_path))
