"""The JSON Schema of the policy file and of its cases, generated from the models, by which editors complete and check.

It knows the short forms that the models take, and says of every key what `policy_file/keys.py` says. What holds between
keys (ties, either-or) it leaves to the check. `os` and `encryption` it takes in the spellings that editors offer alone.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.keys import DESCRIPTIONS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: As `durations.parse_duration` reads them.
DURATION = "^P(?=[0-9]|T[0-9])([0-9]{1,5}W)?([0-9]{1,5}D)?(T([0-9]{1,5}H)?([0-9]{1,5}M)?([0-9]{1,6}S)?)?$"
_PERIODS = {"daily": "D", "weekly": "W", "monthly": "M", "yearly": "Y"}
_TEXT: Schema = {"type": "string"}


def policy_schema() -> Schema:
    """The schema of the policy file."""
    schema = schema_of(EnforcementPolicy, DESCRIPTIONS)
    definitions = schema["$defs"]
    value = {**_TEXT, "maxLength": 256}
    definitions["TagTest"] = _or_short(definitions["TagTest"], value, {"type": "array", "items": value, "minItems": 1})
    definitions["BackupPolicyChoice"] = _or_short(
        definitions["BackupPolicyChoice"], {**_TEXT, "minLength": 1, "maxLength": 150}
    )
    # Compared without case, as Azure spells them with a capital.
    definitions["Selector"]["properties"]["os"] = _one_or_list({"enum": ["windows", "linux", "Windows", "Linux"]})
    for key, letter in _PERIODS.items():
        definitions["Retention"]["properties"][key]["pattern"] = f"^P[0-9]{{1,4}}{letter}$"
    definitions["OptOut"]["properties"]["maxDuration"]["type"] = ["string", "null"]
    definitions["InitialBackup"]["properties"]["again"]["type"] = ["string", "null"]
    return {"$schema": DIALECT, **schema, "title": "Backstop's enforcement policy"}


def schema_of(model: type[BaseModel], descriptions: Mapping[str, Mapping[str, str]]) -> Schema:
    """The model's schema in the words of the file: no nulls, texts that stand for lists of one, durations as texts."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    sections = {model.__name__: schema, **schema.get("$defs", {})}
    for name, section in sections.items():
        section.pop("title", None)
        if "description" in section:
            section["description"] = " ".join(section["description"].partition("\n\n")[0].split())
        for key, value in section.get("properties", {}).items():
            words = descriptions.get(name, {}).get(key)
            section["properties"][key] = _told(_in_words(value, sections), words)
    return schema


def _told(value: Schema, words: str | None) -> Schema:
    value.pop("title", None)
    if isinstance(value.get("default"), dict):
        del value["default"]  # its own keys tell theirs
    return {**value, "description": words} if words else value


def _in_words(value: Schema, sections: Mapping[str, Schema]) -> Schema:
    if "anyOf" in value:
        kept = [_in_words(each, sections) for each in value["anyOf"] if each != {"type": "null"}]
        rest = {key: each for key, each in value.items() if key != "anyOf" and not (key == "default" and each is None)}
        return {**kept[0], **rest} if len(kept) == 1 else {"anyOf": kept, **rest}
    if value.get("format") == "duration":
        return {**{key: each for key, each in value.items() if key != "format"}, "pattern": DURATION}
    if value.get("type") == "array":
        # pydantic puts a tuple's bounds as a text's where a validator of ours comes first.
        value = {{"minLength": "minItems", "maxLength": "maxItems"}.get(key, key): each for key, each in value.items()}
        items = _in_words(value["items"], sections)
        if _is_text(items, sections):
            rest = {key: value[key] for key in ("default",) if key in value}
            return {**_one_or_list(items, value), **rest}
        return {**value, "items": items}
    if value.get("type") == "object" and "minLength" in value:
        return {("minProperties" if key == "minLength" else key): each for key, each in value.items()}
    return value


def _is_text(items: Schema, sections: Mapping[str, Schema]) -> bool:
    if "$ref" in items:
        return sections[items["$ref"].rpartition("/")[2]].get("type") == "string"
    return items.get("type") == "string"


def _one_or_list(item: Schema, like: Mapping[str, Any] | None = None) -> Schema:
    bounds = {key: like[key] for key in ("minItems", "maxItems") if like is not None and key in like}
    return {"anyOf": [item, {"type": "array", "items": item, **(bounds if like is not None else {"minItems": 1})}]}


def _or_short(section: Schema, *short: Schema) -> Schema:
    words = section.pop("description", "")
    return {"anyOf": [*short, section], "description": words}
