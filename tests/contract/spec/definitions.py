"""The definitions of one area: the OpenAPI file's and the SDK's models, laid over each other as JSON schemas.

A definition that others extend becomes a dispatch on its discriminator (`x-dispatch`); one whose keys are known says so
(`x-closed`). What these two keywords mean is in `schemas.py`. Reads documents; validates nothing.
"""

import json
import re
from typing import Any

from tests.contract.spec.documents import FILES, SDKS, Json, openapi, sdk

#: The one definition that the OpenAPI files take from a file which is not among them (ARM's common types, v1).
COMMON = {
    "ErrorAdditionalInfo": {
        "type": "object",
        "properties": {"type": {"type": "string"}, "info": {"type": "object"}},
    },
    "ErrorResponse": {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "target": {"type": "string"},
            "details": {"type": "array", "items": {"$ref": "#/definitions/ErrorResponse"}},
            "additionalInfo": {"type": "array", "items": {"$ref": "#/definitions/ErrorAdditionalInfo"}},
        },
    },
}
_SCALARS: dict[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string"},
    "iso-8601": {"type": "string", "format": "date-time"},
    "datetime.datetime": {"type": "string", "format": "date-time"},
    "datetime.timedelta": {"type": "string", "format": "duration"},
    "object": {},
    "typing.Any": {},
    "NoneType": {},
}


def of_type(text: str) -> Json:
    """The schema of a type as the SDK dumps write it: `typing.Optional[list['_models.Tag']]`, `[Column]`, `{str}`."""
    text = text.strip()
    if wrapped := re.fullmatch(r"typing\.Optional\[(.*)\]|<class '(.*)'>|ForwardRef\((.*)\)|'(.*)'", text):
        return of_type(next(part for part in wrapped.groups() if part is not None))
    if text.startswith("typing.Literal["):
        return {"type": "string"}  # which value is the discriminator's business
    if text.startswith("typing.Union[str, "):
        return {"type": "string"}  # an open enum
    if several := re.fullmatch(r"list\[(.*)\]|\[(.*)\]", text):
        return {"type": "array", "items": of_type(several[1] or several[2])}
    if mapping := re.fullmatch(r"dict\[str, (.*)\]|\{(.*)\}", text):
        return {"type": "object", "additionalProperties": of_type(mapping[1] or mapping[2])}
    if text in _SCALARS:
        return dict(_SCALARS[text])
    return {"$ref": f"#/definitions/{text.removeprefix('_models.')}"}


class Area:
    """The definitions of one area as one JSON schema document."""

    def __init__(self, name: str) -> None:
        self.spec: Json = (COMMON | openapi(name)["definitions"]) if name in FILES else {}
        self.models: Json = sdk(name, "models") if name in SDKS else {}
        names = sorted(self.spec.keys() | self.models.keys())
        absent = set(re.findall(r"_models\.(\w+)", json.dumps(self.models))) - set(names)
        # the compute dump holds what concerns VMs, and leaves out some models that those name: anything fits them
        self.document: Json = {"definitions": {each: {} for each in sorted(absent)}, "bodies": {}}
        for each in names:
            self.document["bodies"][each] = self._body(each)
        for each in names:
            self.document["definitions"][each] = self._dispatch(each) or {"$ref": f"#/bodies/{each}"}

    def parents(self, name: str) -> list[str]:
        """The definitions that this one extends, by either source."""
        of_spec = [p["$ref"].rsplit("/", 1)[1] for p in self.spec.get(name, {}).get("allOf", [])]
        bases = self.models.get(name, {}).get("bases", [])
        return list(dict.fromkeys([*of_spec, *(b for b in bases if b in self.models)]))

    def lineage(self, name: str) -> list[str]:
        """The definition and all that it extends."""
        found = [name]
        for parent in self.parents(name):
            found += [each for each in self.lineage(parent) if each not in found]
        return found

    def read_only(self, name: str) -> set[str]:
        """The keys of the definition that only the service may set."""
        fields = self.models.get(name, {}).get("fields", {}).values()
        found = {field["rest"] for field in fields if field.get("readonly")}
        for each in self.lineage(name):
            known = self.spec.get(each, {}).get("properties", {})
            found |= {key for key, value in known.items() if value.get("readOnly")}
        return found

    def _body(self, name: str) -> Json:
        own = self.spec.get(name, {})
        if "enum" in self.models.get(name, {}) or own.get("type", "object") != "object":
            return swagger(own) if own else {"type": "string"}
        properties: dict[str, Json] = {}
        required: set[str] = set()
        extra: Json | None = None
        for each in self.lineage(name):
            definition = self.spec.get(each, {})
            required |= set(definition.get("required", []))
            extra = extra or swagger(definition.get("additionalProperties")) or None
            for key, value in definition.get("properties", {}).items():
                properties.setdefault(key, swagger(value))
        for each in self.models.get(name, {}).get("fields", {}).values():
            key, newer = each["rest"], of_type(each["type"])
            older = properties.get(key)
            properties[key] = newer if older is None else {"allOf": [older, newer]} if "$ref" not in older else older
        if not properties:
            return {"type": "object"} | ({"additionalProperties": extra} if extra else {})
        body: Json = {"type": "object", "properties": properties}
        if required:
            body["required"] = sorted(required)
        return body | ({"additionalProperties": extra} if extra else {"x-closed": name})

    def _discriminator(self, name: str) -> str | None:
        for each in self.lineage(name):
            if "discriminator" in self.spec.get(each, {}):
                return str(self.spec[each]["discriminator"])
            for known in self.models.get(each, {}).get("fields", {}).values():
                if known.get("discriminator"):
                    return str(known["rest"])
        return None

    def _value(self, name: str) -> str | None:
        value = self.spec.get(name, {}).get("x-ms-discriminator-value")
        if value:
            return str(value)
        model = self.models.get(name, {})
        if model.get("discriminator_value"):
            return str(model["discriminator_value"])
        for known in model.get("fields", {}).values():
            if literal := re.fullmatch(r"typing\.Literal\[(?:<[^:]*: )?'(.*)'>?\]", known["type"]):
                return literal[1]
        return name if name in self.spec and "discriminator" not in self.spec[name] else None

    def _dispatch(self, name: str) -> Json | None:
        key = self._discriminator(name)
        if key is None:
            return None
        names = self.document["bodies"]
        children = [each for each in names if name in self.lineage(each)]
        known = {value: each for each in children if (value := self._value(each)) is not None}
        return {"x-dispatch": {"by": key, "to": known, "base": name}}


def swagger(schema: Any) -> Json:
    """A Swagger 2.0 schema as JSON schema: open enums become plain strings, `x-nullable` admits null."""
    if not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        return {"$ref": "#/definitions/" + str(schema["$ref"]).rsplit("/", 1)[1]}
    kept = {k: v for k, v in schema.items() if k in ("type", "format", "enum", "required", "minimum", "maximum")}
    if schema.get("x-ms-enum", {}).get("modelAsString"):
        kept.pop("enum", None)
    if "properties" in schema:
        kept["properties"] = {k: swagger(v) for k, v in schema["properties"].items()}
        kept.setdefault("x-closed", "an inner object")
    if "items" in schema:
        kept["items"] = swagger(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = swagger(schema["additionalProperties"])
    if len(schema.get("allOf", [])) == 1 and not kept.get("properties"):
        kept = swagger(schema["allOf"][0])
    if kept == {"type": "object"}:
        kept = {}  # Swagger's way to say "any JSON": the rows of a query are arrays
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("x-nullable") else kept
