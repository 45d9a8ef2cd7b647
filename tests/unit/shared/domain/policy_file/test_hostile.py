"""Files that are meant to do harm: each is refused in one clear line, soon, in little memory, or means what it says."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.domain.attributes import Subject
from shared.domain.compiled_policy import compile_policy
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.reading import Reading, parse_policy, read_policy
from shared.domain.policy_tools.case_run import run_cases
from shared.domain.policy_tools.cases import read_cases
from shared.domain.policy_tools.lint import check_policy
from shared.errors import PolicyFileError
from tests.fakes import START, a_vm
from tests.policies import DEMO

GOOD = DEMO.read_text(encoding="utf-8")
SECONDS = 1.0  # process time
TRIES = 3  # the machine does other things too: what is slow every time is slow
BARE_CALL = 60e-9  # seconds that a call of a function takes on the machine that the second is promised for
HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: t}\nspec:\n"
ROOT = Path(__file__).resolve().parents[5]


def timed(read: Callable[[str, str], Reading], text: str) -> tuple[Reading, float]:
    began = time.process_time()
    return read(text, "p.yaml"), time.process_time() - began


def is_soon(took: float, seconds: float = SECONDS) -> bool:
    """Whether so much process time is within the promise; a slower machine may take as much longer as it is slower."""
    if took < seconds:
        return True
    calls, began = 1_000_000, time.process_time()
    for _ in range(calls):
        nothing()
    return took < seconds * (time.process_time() - began) / calls / BARE_CALL


def nothing() -> None:
    """What a bare call calls."""


def quick(text: str, read: Callable[[str, str], Reading] = check_policy) -> Reading:
    reading, took = timed(read, text)
    for _ in range(TRIES - 1):
        took = took if is_soon(took) else timed(read, text)[1]
    assert is_soon(took)
    for each in (*reading.errors, *reading.warnings):
        assert "\n" not in str(each)
        assert str(each).isprintable()
        assert len(str(each)) < 400
    return reading


def refused(text: str) -> str:
    reading = quick(text)
    assert reading.policy is None
    with pytest.raises(PolicyFileError) as caught:
        parse_policy(text, "p.yaml")
    assert any(str(each) in str(caught.value) for each in reading.errors)
    return "; ".join(map(str, reading.errors))


def test_a_file_that_was_cut_off_anywhere_is_refused_or_is_a_policy_by_what_is_left() -> None:
    text = DEMO.with_name("prod-must-not-opt-out.yaml").read_text(encoding="utf-8")
    for end in range(len(text)):
        reading = read_policy(text[:end], "p.yaml")
        if reading.policy is None:
            assert reading.errors
        else:
            assert EnforcementPolicy.model_validate(yaml.safe_load(text[:end])) == reading.policy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 10_000_000, "more than 1,000,000 characters"),
        (GOOD + "# " + "x" * 10_000_000, "more than 1,000,000 characters"),
        ("a: " + "[" * 400_000, "nested deeper than 40 levels"),
        ("{a: " * 200_000, "nested deeper than 40 levels"),
        ("- " * 400_000, "nested deeper than 40 levels"),
        ("a: [" + "b," * 400_000 + "]", "more than 30,000 values"),
        (HEAD + "  rules:\n" + "    - {}\n" * 100_000, "more than 30,000 values"),
        (
            HEAD
            + "  rules:\n"
            + "".join(f"    - {{name: r{n}, priority: {n}, match: {{}}}}\n" for n in range(100_000)),
            "",
        ),
        (
            HEAD + "  rules:\n" + "".join(f"    - {{name: r{n}, priority: {n}, match: {{}}}}\n" for n in range(7_000)),
            "must hold 2,000 entries at most",
        ),
        (HEAD + "  rules: [" + "1," * 29_000 + "]", "must be a mapping of keys, not the number 1"),
        (HEAD + f"  rules: [{{name: a, priority: 1, match: {{names: [{'1,' * 29_000}]}}}}]", "must be text, not the"),
        (
            HEAD + f"  rules: [{{name: a, priority: 1, match: {{tags: {{a: [{'no,' * 20_000}]}}}}}}]",
            "must be text, not the",
        ),
        (HEAD + "  " + "\n  ".join(f"k{n}: 1" for n in range(29_000)), "unknown key"),
        (HEAD + "  " + "k" * 900_000 + ": 1", "not valid YAML"),
        (HEAD + "  mode: " + "k" * 900_000, "must be 'audit', 'enforce' or 'disabled', not 'kkk"),
        (HEAD + "  rules: [{name: " + "k" * 900_000 + ", priority: 1, match: {}}]", "must be made of letters"),
        (HEAD + "  rules: [{name: a, priority: " + "9" * 900_000 + ", match: {}}]", "as a plain number"),
        (HEAD + "  settle: P" + "9" * 900_000 + "D", "must be an ISO 8601 duration"),
        (HEAD + "  settle: " + "1:" * 400_000 + "1", ""),
        ("a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]", "anchors and aliases are not allowed"),
        ("a: &a {x: *a}", "anchors and aliases are not allowed"),
        ("<<: {mode: enforce}", "YAML gives this a meaning of its own"),
        ("a: !!python/object/apply:os.system ['true']", "the type tag tag:yaml.org,2002:python/object/apply:os.sys"),
        ("a: !!binary aGk=", "the type tag"),
        ("!!map {a: 1}", "the type tag"),
        ("%TAG ! tag:evil,2000:\n---\na: !x 1", "the type tag"),
        ("a: 1\na: 2", "a: this key appears twice"),
        (GOOD.replace("mode: enforce", 'mode: audit\n  "mode": enforce'), "spec.mode: this key appears twice"),
        ("\x00", "U+0000"),
        (GOOD.replace("name: demo", 'name: "\\e[31mdemo"'), "metadata.name: holds the character U+001B"),
        (GOOD.replace("name: demo", 'name: "demo\\0"'), "metadata.name: holds the character U+0000"),
        (GOOD.replace("env: prod", "env: pr\u3164od"), "holds the character U+3164, which cannot be seen"),
        (GOOD.replace("env: prod", "env: prod\ufe0f"), "holds the character U+FE0F, which cannot be seen"),
        (GOOD.replace("env: prod", "env: prod\u2800"), "holds the character U+2800, which cannot be seen"),
        (GOOD.replace("env: prod", "e\u034fnv: prod"), "holds the character U+034F, which cannot be seen"),
        (GOOD.replace("\n", "\x00\n", 1), "U+0000"),
        ("\ufeff" + GOOD, "U+FEFF"),
        (GOOD.replace("demo,", "de\ud800mo,"), "U+D800"),
        (GOOD.replace("  mode", "\tmode", 1), "not valid YAML"),
        ("", "p.yaml:1:1: must hold one YAML document"),
        (GOOD + "\n---\n" + GOOD, f"p.yaml:{len(GOOD.splitlines()) + 2}:1: must hold one YAML document"),
        ("- &a b: 1", "p.yaml:1:3: [0]: anchors and aliases are not allowed"),
        ("&a b: 1", "p.yaml:1:1: anchors and aliases are not allowed"),
        ("x: {&a b: 1}", "p.yaml:1:5: x: anchors and aliases are not allowed"),
        ("? {a: b}\n: c", "keys must be text"),
        ("1: 2", "keys must be text"),
        ("null: 2", "keys must be text"),
        (json.dumps(["a"] * 10), "must hold one YAML document, a mapping of keys"),
    ],
    ids=lambda value: str(value)[:25].encode("unicode_escape").decode(),
)
def test_a_bomb_is_refused_soon(text: str, expected: str) -> None:
    assert expected in refused(text)


def test_line_ends_of_windows_change_nothing() -> None:
    assert parse_policy(GOOD.replace("\n", "\r\n"), "p").hash == parse_policy(GOOD, "p").hash


def scalars(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from scalars(value, (*path, key))
        yield (*path, key)


EXAMPLES = [each for each in sorted(DEMO.parent.glob("*.yaml")) if each.with_suffix(".cases.yaml").exists()]
OTHERS: list[Any] = [None, True, 1, -1, 1.5, 10**30, "x", "", [], {}, [[]], [{}], {"x": 1}, ["x", 1], [None]]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda each: each.stem)
def test_a_value_of_another_type_is_refused_at_its_place_or_means_something_else(file: Path) -> None:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    meant = read_policy(json.dumps(data), "p").policy
    assert meant is not None
    for path in scalars(data):
        for other in OTHERS:
            spoilt = json.loads(json.dumps(data))
            node = spoilt
            for part in path[:-1]:
                node = node[part]
            if node[path[-1]] == other:
                continue
            node[path[-1]] = other
            reading = read_policy(json.dumps(spoilt), "p")
            if reading.policy is None:
                assert all(each.line and each.what for each in reading.errors), (path, other)
            else:
                assert other is not None or path[-1] == "maxDuration", path
                compile_policy(reading.policy)
                changed = reading.policy.hash != meant.hash
                # Only what says the same in other words may leave the policy as it was.
                assert changed or says_the_same(path, other), (path, other)


SECTIONS = {"optOut", "scope", "limits", "exclude", "existing", "vault", "select", "initialBackup", "maxActions"}


def says_the_same(path: tuple[Any, ...], other: Any) -> bool:
    """A section that only held what is so without it, or the default of a text that has one."""
    return path[-1] in SECTIONS and other in ([], {}, "x")


def test_no_case_file_makes_the_run_fall_over() -> None:
    policy = compile_policy(parse_policy(GOOD, "p"))
    text = """
apiVersion: backstop/v1
kind: PolicyCases
policy: p.yaml
now: 2026-11-24T08:00:00Z
defaults: {tags: {a: b}, age: P1D}
cases:
  - {name: a, vm: {name: n, vaults: [{name: v, tags: {a: b}}], image: p/o/s, unread: [vm]}, expect: {verdict: EXEMPT}}
  - name: b
    vm: {created: 2026-11-01T00:00:00Z, protection: {state: stopped, vault: v}}
    expect: {verdict: UNKNOWN, reasons: [UNPROTECTED], actions: [], writes: true, vault: v}
"""
    as_json = json.dumps(yaml.safe_load(text), default=datetime.isoformat)
    for path in scalars(json.loads(as_json)):
        for other in (*OTHERS, "P99999W99999D", "a/b", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"):
            data = json.loads(as_json)
            node = data
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = other
            spoilt = re.sub(r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*)"', r"\1", json.dumps(data))  # a moment has no quotes
            reading = read_cases(spoilt, "c")
            assert (reading.cases is None) == bool(reading.errors)
            if reading.cases is not None:
                assert len(run_cases(reading.cases, policy)) == len(reading.cases.cases)
    assert read_cases(text, "c").cases is not None
    for end in range(len(text) - 1):
        assert read_cases(text[:end], "c").errors or text[:end].count("expect: {verdict") == 1


NASTY = [
    "*a*a*a*a*a*a*a*a*b",
    "*" * 200,
    "?*" * 100 + "b",
    "[a-z]*" * 40 + "[!a]",
    "*a" * 129,
    "[" * 100,
    "[!" * 50,
    "[]-a]*[^[a]",
]


def test_no_glob_of_a_policy_makes_matching_slow() -> None:
    data = yaml.safe_load(GOOD)
    data["spec"]["exclude"]["any"] = [{"names": NASTY, "tags": {"t": {"like": NASTY}}}]
    data["spec"]["optOut"]["reasons"] = NASTY
    data["spec"]["rules"][0] |= {
        "match": {"resourceGroups": NASTY, "subscriptions": NASTY, "absentTags": NASTY},
        "exclude": [{"diskTypes": NASTY}],
        "vault": {"select": {"names": NASTY}},
        "backupPolicy": {"fromTag": "t", "allowed": NASTY},
    }
    policy = compile_policy(parse_policy(json.dumps(data), "p"))
    value = "a" * 256
    tags = {value: value, "t": value, "backup-opt-out": f"reason={'a' * 200}; until=2027-01-01"}
    began = time.process_time()
    for _ in range(20):
        vm = a_vm("a" * 64, "a" * 90, tags=tags, disk_types=(value,), subscription_name=value)
        policy.index.first(Subject(vm, START))
        policy.excluded(Subject(vm, START))
        policy.rules[0].accepts_vault(value, {})
    assert is_soon(time.process_time() - began)
    quick(json.dumps(data))


def test_many_rules_with_many_conditions_are_checked_soon() -> None:
    selector = {"any": [{"names": [f"{n}-*" for n in range(10)]}, {"all": [{"not": {"tags": {"a": {"like": "b*"}}}}]}]}
    rules = [{"name": f"r{n}", "priority": n, "match": {**selector, "tags": {"n": str(n)}}} for n in range(500)]
    whole = yaml.safe_load(HEAD + "  rules: []")
    whole["spec"]["rules"] = rules
    began = time.process_time()
    assert check_policy(json.dumps(whole), "p").policy is not None
    assert is_soon(
        time.process_time() - began, 5 * SECONDS
    )  # a sound policy of 500 rules, with every warning looked for


WORST = {
    "ten-megabytes": lambda: "a" * 10_000_000,
    "a-million-values": lambda: "a: [" + "b," * 429_900 + "]",
    "as-many-values-as-it-may-hold": lambda: HEAD + "  rules: [" + "1," * 29_900 + "]",
    "a-long-text": lambda: HEAD + "  mode: " + "x" * 929_000,
    "deep": lambda: "[" * 929_000,
}


#: A process begins with its parent's peak, so a small one stands between.
OUTER = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
INNER = """
import sys, time
from pathlib import Path
from cli.commands.policy_check import check_file
began = time.process_time()
checked = check_file(Path(sys.argv[1]))
print(len(checked.errors), time.process_time() - began, flush=True)
"""


@pytest.mark.parametrize("name", WORST)
def test_no_file_takes_more_than_a_second_and_200_megabytes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "worst.yaml"
    file.write_text(WORST[name](), encoding="utf-8")
    errors, seconds, most = measured(file)
    for _ in range(TRIES - 1):
        seconds = seconds if is_soon(seconds) else measured(file)[1]
    assert errors >= 1
    assert is_soon(seconds)
    assert most / (1024**2 if sys.platform == "darwin" else 1024) < 200


def measured(file: Path) -> tuple[int, float, int]:
    ran = subprocess.run(
        [sys.executable, "-c", OUTER, INNER, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stderr == ""
    errors, seconds, most = ran.stdout.split()
    return int(errors), float(seconds), int(most)
