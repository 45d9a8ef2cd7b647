"""Every key of the policy file as Markdown tables, for `docs/policy.md`: written from the schema, never by hand."""

from collections.abc import Iterator, Mapping

from shared.domain.policy_file.keys import DESCRIPTIONS
from shared.domain.policy_file.schema import DURATION, Schema, policy_schema

TITLES: Mapping[str, str] = {
    "EnforcementPolicy": "The file",
    "Metadata": "`metadata`",
    "Spec": "`spec`",
    "PolicyScope": "`spec.scope`",
    "Limits": "`spec.limits`",
    "MaxActions": "`spec.limits.maxActions`",
    "OptOut": "`spec.optOut`",
    "Exclude": "`spec.exclude`",
    "Rule": "A rule of `spec.rules`",
    "Selector": "A selector: `match`, `not`, and each of `exclude`, `any` and `all`",
    "Age": "`age`",
    "TagTest": "A tag's test",
    "VaultChoice": "`vault`",
    "NewVault": "`vault.create`",
    "VaultSelect": "`vault.select`",
    "BackupPolicyChoice": "`backupPolicy`",
    "Schedule": "`backupPolicy.schedule`",
    "Retention": "`backupPolicy.retain`",
    "MonthlyOn": "`backupPolicy.retain.monthlyOn`",
    "YearlyOn": "`backupPolicy.retain.yearlyOn`",
    "Existing": "`existing`",
    "InitialBackup": "`initialBackup`",
    "DiskExclusion": "`diskExclusion`",
}
_KIND_OF_SECTION = {"Selector": "selector", "TagTest": "test", "BackupPolicyChoice": "text or section"}
_KIND_OF_ENUM = {"Mode": "audit, enforce, disabled", "BuiltinExclusion": "list of kinds, below"}


def key_tables() -> Iterator[str]:
    """The reference of every key as Markdown, section by section, for `docs/policy.md`."""
    sections = policy_schema()
    by_name = {"EnforcementPolicy": sections, **sections["$defs"]}
    for name, keys in DESCRIPTIONS.items():
        section = by_name[name]
        section = section["anyOf"][-1] if "anyOf" in section else section
        yield from (f"### {TITLES[name]}", "", "| key | value | default | |", "|---|---|---|---|")
        for key, words in keys.items():
            value = section["properties"][key]
            default = "required" if key in section.get("required", ()) else _default(value)
            yield f"| `{key}` | {_kind(value)} | {default} | {words.replace('|', chr(92) + '|')} |"
        yield ""


def _kind(value: Schema) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return _KIND_OF_ENUM.get(name) or _KIND_OF_SECTION.get(name, "section")
    if "anyOf" in value:
        inner = _kind(value["anyOf"][0])
        return inner if inner.startswith("list") else f"{inner}, or list"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(value["enum"])
    if value.get("pattern") == DURATION:
        return "duration"
    if value["type"] == "array":
        return f"list of {_kind(value['items'])}s"
    if value["type"] == "object":
        return "tag: test" if "additionalProperties" in value else "section"
    kinds = {"string": "text", "integer": "number", "boolean": "true, false", ("string", "null"): "duration, null"}
    return kinds[value["type"] if isinstance(value["type"], str) else tuple(value["type"])]


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or isinstance(default, dict):
        return ""
    if isinstance(default, list):
        return ", ".join(f"`{each}`" for each in default) or "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
