"""File, model and schema hold together: what one takes, so does the other; what is published is current."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from cli.commands.policy_schema import ROOT, published
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.keys import DESCRIPTIONS
from shared.domain.policy_file.reading import read_policy
from shared.domain.policy_file.schema import policy_schema
from shared.domain.policy_tools.case_keys import CASE_DESCRIPTIONS
from shared.domain.policy_tools.cases import PolicyCases, cases_schema, read_cases
from tests.strategies import rules

SCHEMA = Draft202012Validator(policy_schema())
CASES = Draft202012Validator(cases_schema())
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
POLICIES = [each for each in EXAMPLES if "EnforcementPolicy" in each.read_text(encoding="utf-8")]
CASE_FILES = [each for each in EXAMPLES if each.name.endswith(".cases.yaml")]


class _AsText(yaml.SafeLoader):
    """As an editor's YAML 1.2 reads it: a moment is a text."""


_AsText.yaml_implicit_resolvers = {
    key: [each for each in found if each[0] != "tag:yaml.org,2002:timestamp"]
    for key, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def data_of(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_AsText)


def whole(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": "test"}, "spec": spec}


@pytest.mark.parametrize("name", list(published()))
def test_what_is_published_is_what_the_model_says(name: str) -> None:
    again = "run ./backstop policy schema --write"
    assert (ROOT / name).read_text(encoding="utf-8") == published()[name], again


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(policy_schema())
    Draft202012Validator.check_schema(cases_schema())


@pytest.mark.parametrize("file", POLICIES, ids=lambda each: each.stem)
def test_every_example_is_one_to_the_schema_too(file: Path) -> None:
    assert not list(SCHEMA.iter_errors(data_of(file)))


@pytest.mark.parametrize("file", CASE_FILES, ids=lambda each: each.stem)
def test_every_case_file_is_one_to_the_schema_too(file: Path) -> None:
    assert not list(CASES.iter_errors(data_of(file)))


@given(rules())
def test_what_the_model_takes_the_schema_takes(some: list[dict[str, Any]]) -> None:
    data = whole({"rules": some, "mode": "enforce"})
    EnforcementPolicy.model_validate(data)
    assert not list(SCHEMA.iter_errors(data))


def models(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    def inside(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        for each in getattr(annotation, "__args__", ()):
            yield from inside(each)

    if model not in seen:
        seen.add(model)
        for info in model.model_fields.values():
            for each in inside(info.annotation):
                models(each, seen)
    return seen


@pytest.mark.parametrize(
    ("root", "table"), [(EnforcementPolicy, DESCRIPTIONS), (PolicyCases, CASE_DESCRIPTIONS)], ids=["policy", "cases"]
)
def test_every_key_is_described_and_nothing_else(root: type[BaseModel], table: dict[str, dict[str, str]]) -> None:
    keys = {
        each.__name__: {info.alias or name for name, info in each.model_fields.items()} for each in models(root, set())
    }
    assert {name: set(words) for name, words in table.items()} == keys
    assert all(sentence.endswith((".", ":")) for words in table.values() for sentence in words.values())


def paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(node, dict):
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from paths(value, (*path, key))


def with_key(data: Any, path: tuple[Any, ...], key: str) -> Any:
    copy = json.loads(json.dumps(data))
    node = copy
    for part in path:
        node = node[part]
    node[key] = {}
    return copy


@pytest.mark.parametrize("file", POLICIES, ids=lambda each: each.stem)
def test_a_key_that_the_model_does_not_know_both_refuse(file: Path) -> None:
    data = data_of(file)
    for path in paths(data):
        if path and str(path[-1]).lower().endswith("tags"):
            continue  # there a key is a tag's name
        spoilt = with_key(data, path, "zzz")
        assert list(SCHEMA.iter_errors(spoilt)), path
        errors = [str(each) for each in read_policy(json.dumps(spoilt), "p").errors]
        assert [each for each in errors if "zzz: unknown key" in each], (path, errors)


@pytest.mark.parametrize("file", CASE_FILES, ids=lambda each: each.stem)
def test_a_case_file_s_unknown_key_both_refuse(file: Path) -> None:
    data = data_of(file)
    for path in paths(data):
        if path and str(path[-1]).lower().endswith("tags"):
            continue
        spoilt = with_key(data, path, "zzz")
        assert list(CASES.iter_errors(spoilt)), path
        assert [each for each in read_cases(json.dumps(spoilt), "p").errors if "zzz" in each.key], path


@pytest.mark.parametrize(
    "spec",
    [
        {"rules": []},
        {"rules": [{"name": "a", "priority": 1}]},
        {"rules": [{"name": "a b", "priority": 1, "match": {}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {"tags": {"env": 1}}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {"tags": {}}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {"names": []}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {"names": None}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {"any": {"names": "a"}}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {}, "backupPolicy": 3}]},
        {"rules": [{"name": "a", "priority": 1, "match": {}, "vault": {"whenMissing": "ignore"}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {}}], "settle": "10m"},
        {"rules": [{"name": "a", "priority": 1, "match": {}}], "settle": None},
        {"rules": [{"name": "a", "priority": 1, "match": {}}], "limits": {"failurePercent": 120}},
        {"rules": [{"name": "a", "priority": 1, "match": {}}], "optOut": {"require": ["utnil"]}},
        {"rules": [{"name": "a", "priority": 1, "match": {}}], "exclude": {"builtin": "aksx"}},
    ],
)
def test_what_one_refuses_the_other_refuses(spec: dict[str, Any]) -> None:
    assert list(SCHEMA.iter_errors(whole(spec)))
    assert read_policy(json.dumps(whole(spec)), "p").errors


@pytest.mark.parametrize(
    "spec",
    [
        {"optOut": {"require": "reason", "reasons": "test*", "maxDuration": None}},
        {"exclude": {"builtin": "aks", "any": []}},
        {"rules": [{"name": "a", "priority": 1, "match": {"os": "Windows", "tags": {"a": ["b", ""]}, "not": {}}}]},
        {"rules": [{"name": "a", "priority": 1, "match": {}, "vault": {"whenFull": "next"}}]},
        {
            "rules": [
                {
                    "name": "a",
                    "priority": 1,
                    "match": {},
                    "backupPolicy": {
                        "name": "gold",
                        "type": "Enhanced",
                        "schedule": {"every": "PT4H", "at": "06:30"},
                        "retain": {"daily": "P30D", "weekly": "P12W", "monthly": "P12M", "yearly": "P7Y"},
                        "timeZone": "UTC",
                    },
                    "diskExclusion": {"excludeLuns": [0, 63]},
                }
            ]
        },
    ],
)
def test_short_forms_and_later_keys_both_take(spec: dict[str, Any]) -> None:
    data = whole({"rules": [{"name": "b", "priority": 2, "match": {}}], **spec})
    assert not list(SCHEMA.iter_errors(data))
    assert not read_policy(json.dumps(data), "p").errors
