"""The verbs of `policy` as a person runs them, against files and against a simulator."""

import json
from pathlib import Path

from tests.e2e.running import POLICY, ROOT, backstop, simulator


def test_the_examples_are_checked_and_their_cases_run() -> None:
    files = [
        str(each.relative_to(ROOT)).replace(".cases", "") for each in sorted((ROOT / "examples").glob("*.cases.yaml"))
    ]
    checked = backstop("policy", "check", "--strict", *files)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.count("✓") == len(files)
    ran = backstop("policy", "test", "--strict", "examples")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert " passed, 0 failed in " in ran.stdout


def test_an_invalid_file_ends_with_its_place_and_no_traceback(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("spec:\n  mode: enforce\n  mode: audit\n", encoding="utf-8")
    ran = backstop("policy", "check", str(bad))
    assert ran.returncode == 3
    assert f"{bad}:3:3: error: spec.mode: this key appears twice" in ran.stdout
    assert ran.stderr == ""


def test_the_schema_is_printed_as_it_is_published() -> None:
    for option, name in (((), "enforcement-policy.v1.json"), (("--cases",), "policy-cases.v1.json")):
        assert backstop("policy", "schema", *option).stdout == (ROOT / "schemas" / name).read_text(encoding="utf-8")


def test_what_the_estate_lacks_is_found_by_asking_it(tmp_path: Path) -> None:
    strange = tmp_path / "strange.yaml"
    text = (ROOT / POLICY).read_text(encoding="utf-8")
    text = text.replace("{name: DefaultPolicy}", "{name: NoSuchPolicy}").replace(
        "backupPolicy: {name: EnhancedPolicy}", "vault: {select: {names: no-such-*}}"
    )
    strange.write_text(text, encoding="utf-8")
    with simulator("--vms", "60", "--seed", "3") as url:
        found = backstop("policy", "check", "--live", "--json", "--endpoint", url, str(strange))
        assert found.returncode == 1, found.stderr
        lacks = json.loads(found.stdout)["files"][0]["estateLacks"]
        assert [
            each for each in lacks if each.startswith("rule production,") and "no vault there that the rule" in each
        ]
        assert [each for each in lacks if each.startswith("rule default,") and "no backup policy NoSuchPolicy" in each]
        sound = json.loads(backstop("policy", "check", "--live", "--json", "--endpoint", url, POLICY).stdout)["files"][
            0
        ]
        # Some of this estate's regions have no vault at all; every vault has the two policies.
        assert all("no vault there" in each for each in sound["estateLacks"])
        offline = backstop("policy", "check", "--json", POLICY)
        assert json.loads(offline.stdout)["files"][0]["estateLacks"] is None
    unreachable = backstop("policy", "check", "--live", "--endpoint", "http://127.0.0.1:9", POLICY)
    assert unreachable.returncode == 5
