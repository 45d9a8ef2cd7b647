"""Cases for a policy, as its author writes them in YAML: VMs in short form, and what must become of each.

Strict like the policy itself, and read by the same rules. A VM's short form
stands in `policy_tools/case_vm.py`. This module reads no file and runs nothing; `policy_tools/case_run.py` does.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from shared.domain.model import ActionKind, State
from shared.domain.policy_file.model_errors import closest, meaning
from shared.domain.policy_file.placed import Problem, shown
from shared.domain.policy_file.plain_yaml import UnreadableYamlError, read_yaml
from shared.domain.policy_file.reading import EMPTY, empty_values, validated
from shared.domain.policy_file.schema import DIALECT, Schema, schema_of
from shared.domain.policy_file.types import Section, Text, as_tuple
from shared.domain.policy_tools.case_keys import CASE_DESCRIPTIONS
from shared.domain.policy_tools.case_vm import CaseVm, Moment, in_list
from shared.domain.reasons import Reason

_CODES = tuple(each.code for each in Reason)


def _known(code: str) -> str:
    if code not in _CODES:
        raise ValueError(f"'{shown(code)}' is no reason's code{meaning(closest(code, _CODES))}")
    return code


ReasonCode = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(_CODES)})]


class Expected(Section):
    """What must become of the VM; what is left out is not looked at.

    `rule: ""` asks that no rule decides, `reasons` for exactly these codes in any order, `actions` for exactly these
    writes in order, whether or not the policy permits writing; `writes` for whether it does. `backupPolicy` and `vault`
    are those of the rule for this VM, empty where there is none.
    """

    verdict: Annotated[State, Field(strict=False)]
    rule: str | None = None
    reasons: Annotated[tuple[ReasonCode, ...], BeforeValidator(as_tuple)] | None = None
    actions: Annotated[tuple[Annotated[ActionKind, Field(strict=False)], ...], BeforeValidator(as_tuple)] | None = None
    writes: bool | None = None
    backup_policy: str | None = None
    vault: str | None = None


class Case(Section):
    """One VM and what must become of it."""

    name: Text
    now: Moment | None = None  # in place of the file's
    vm: CaseVm = CaseVm()
    expect: Expected


class PolicyCases(Section):
    """The whole file. `policy` is a path from the file's own folder; `defaults` are keys that every VM begins with."""

    api_version: Literal["backstop/v1"]
    kind: Literal["PolicyCases"]
    policy: Text
    now: Moment
    defaults: CaseVm = CaseVm()
    cases: Annotated[tuple[Case, ...], BeforeValidator(in_list), Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        counts = Counter(each.name for each in self.cases)
        twin = next((name for name, count in counts.items() if count > 1), None)
        if twin is not None:
            raise ValueError(f"two cases are named '{twin}'; give each its own name")
        return self

    def vm_of(self, case: Case) -> CaseVm:
        """The case's VM: what it says itself, over the defaults, over what is left out everywhere."""
        own = {key: getattr(case.vm, key) for key in case.vm.model_fields_set}
        if "created" in own or "age" in own:
            own = {"created": None, "age": None, **own}
        return self.defaults.model_copy(update=own)


@dataclass(frozen=True, slots=True)
class CasesReading:
    """`cases` is None exactly where there are errors: the first 20 of the file, and how many `more`."""

    cases: PolicyCases | None
    errors: tuple[Problem, ...] = ()
    more: int = 0
    lines: tuple[int, ...] = ()  # where each case begins


def read_cases(text: str, file: str) -> CasesReading:
    """The cases in `text`, or all that is wrong with it, each with its place."""
    try:
        root = read_yaml(text, file)
    except UnreadableYamlError as error:
        return CasesReading(None, (error.problem,))
    errors = dict.fromkeys(empty_values(root), EMPTY)
    cases, found, count = validated(PolicyCases, root, root.data, file, errors)
    listed = root.at(("cases",))
    lines = tuple(node.line for node in listed.inner.values()) if listed is not None else ()
    return CasesReading(cases, found, count - len(found), lines if cases is not None else ())


def cases_schema() -> Schema:
    """The JSON Schema of a case file."""
    schema = schema_of(PolicyCases, CASE_DESCRIPTIONS)
    for name in ("CaseImage", "CaseProtection", "CaseVault"):
        section = schema["$defs"][name]
        short: Schema = {"type": "string"}
        if name == "CaseProtection":
            short = section["properties"]["state"]
        schema["$defs"][name] = {"anyOf": [short, section], "description": section.pop("description", "")}
    return {"$schema": DIALECT, **schema, "title": "Cases for a Backstop policy"}
