"""What others wrote is data: no tag, name or policy steers a terminal, a page, a cell, a query or a log line."""

import ast
import asyncio
import csv
import io
import json
import logging
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import RenderableType

from cli.commands.explain import next_step
from cli.output import explanation, explanation_json, machine
from cli.output.console import out
from cli.output.explanation import Explained
from cli.output.tables import left_alone, plan_table
from shared import telemetry
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.explaining import explain
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Finding, Image, Observation, Vm
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.planning import plan
from shared.domain.reasons import Reason
from shared.reporting.render_csv import render_csv
from shared.reporting.render_html import render_html
from shared.reporting.render_json import render_json
from shared.reporting.summary import PolicyUsed, summarise
from shared.reporting.text import visible
from tests.fakes import START, World, a_vault, a_vm
from tests.findings import HOSTILE
from tests.strategies import policy_of_spec

ROOT = Path(__file__).parents[3]
TEXTS = (
    *HOSTILE,
    "' | union *; //",
    "[red]alarm[/red]",
    "[link=http://evil.example]here[/link]",
    "[/]",
    ":skull:",
    "{vm.id} %(message)s %s {0} $HOME `id`",
    "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07",
)
IN_NAMES = ("web\u202egnp.exe", "web'-or-'1", "web.[red]", "web{{7*7}}", "web(-1)", "wéb-日本", "web-$(id)")


def policy(text: str) -> CompiledPolicy:
    """A policy whose own texts are hostile as well, and which looks at what the VM says."""
    text = text.replace("\ud800", "\ufffd")  # no file can hold half a pair
    rules = [
        {"name": "odd", "priority": 1, "match": {"tags": {"note": {"is": text[:256]}}, "names": [text[:260] or "x"]}},
        {"name": "all", "priority": 2, "match": {}, "backupPolicy": {"fromTag": "tier", "allowed": ["gold"]}},
    ]
    whole = policy_of_spec({"mode": "enforce", "exclude": {"any": [{"names": ["db-*"]}]}, "rules": rules})
    named = whole.metadata.model_copy(update={"name": text})
    return compile_policy(whole.model_copy(update={"metadata": named}))


def a_hostile_vm(text: str, name: str = "web-01") -> Vm:
    try:
        vm = a_vm(name)
    except ValueError:  # ARM would not have it as a name, and neither has Backstop
        vm = a_vm()
    tags = {"note": text, text or "x": "value", "backup-opt-out": text, "tier": text}
    return Vm(vm.id, "westeurope", tags, image=Image(text, text, text), group_tags={text: text}, managed_by=text)


def findings_of(vm: Vm, rules: CompiledPolicy) -> tuple[Finding, ...]:
    """As the sweep makes them."""
    here = World(rules)
    here.azure.vaults.append(a_vault())
    here.azure.add(vm)
    return asyncio.run(here.sweeper.discover(Scope(), "run")).findings


def explained(vm: Vm, rules: CompiledPolicy, text: str) -> Explained:
    stretch = OptOutStretch(START, START, text, by=text)
    seen = Observation(vm, UNPROTECTED, (a_vault(),), START, stretch)
    verdict = evaluate(seen, rules, START)
    actions = plan(seen, verdict, rules)
    step = next_step(rules.policy, seen, verdict, actions, None)
    way = explain(seen, verdict, rules)
    return Explained(vm.id, rules.policy, seen, verdict, actions, way, step, findings_of(vm, rules)[0])


def steers(printed: str) -> set[str]:
    """Characters that a terminal obeys or an eye cannot see; line ends are our own."""
    return {each for each in printed.replace("\n", "") if visible(each) != each}


def squeezed(text: str) -> str:
    """Without white space, since lines are wrapped."""
    return "".join(text.split())


@pytest.fixture(autouse=True)
def _fresh_console() -> Iterator[None]:
    out.cache_clear()
    yield
    out.cache_clear()


@pytest.mark.parametrize("text", TEXTS)
def test_explain_shows_it_whole_and_obeys_none_of_it(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(a_hostile_vm(text), policy(text), text)
    explanation.show(told)
    printed = capsys.readouterr().out
    assert steers(printed) == set()
    assert squeezed(f"note={visible(text)}") in squeezed(printed)
    assert squeezed(f'opt-out tag backup-opt-out = "{visible(text)}"?') in squeezed(printed)
    assert squeezed(f"written by {visible(text)}") in squeezed(printed)
    data = json.loads(json.dumps(explanation_json.as_data(told)))
    assert data["seen"]["vm"]["tags"]["note"] == data["optOut"]["text"] == data["optOut"]["by"] == text


@pytest.mark.parametrize("name", IN_NAMES)
def test_a_vm_s_name_is_shown_and_not_obeyed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    vm, rules = a_hostile_vm("x", name), policy("x")
    explanation.show(explained(vm, rules, "x"))
    (finding,) = findings_of(vm, rules)
    for each in (plan_table([finding]), left_alone([finding])):
        shown(each)
    printed = capsys.readouterr().out
    assert steers(printed) == set()
    assert squeezed(visible(vm.id.name)) in squeezed(printed)
    assert json.loads(json.dumps(machine.actions([finding]))) == machine.actions([finding])


def shown(table: RenderableType | None) -> None:
    if table is not None:
        out().print(table)


@pytest.mark.parametrize("text", TEXTS)
def test_the_report_of_a_sweep_holds_it_as_text_in_every_form(text: str) -> None:
    findings = findings_of(a_hostile_vm(text), policy(text))
    used = PolicyUsed(text, "0" * 12, "enforce")
    report = summarise(
        findings, generated_at=START, policy=used, subscription_names={findings[0].vm.subscription_id: text}
    )
    html = render_html(report).decode()
    elements = Elements(html)
    assert not elements.names & {"script", "img", "iframe", "i"}
    assert steers(html) == set()
    data = json.loads(render_json(report))
    assert data["policy"]["name"] == text
    details = {each.detail for each in findings[0].verdict.reasons}
    assert {each["detail"] for each in data["vms"][0]["reasons"]} == details
    rows = list(csv.reader(io.StringIO(render_csv(report).decode(), newline=""), strict=True))
    assert len(rows) == 2
    assert not [cell for cell in rows[1] if cell[:1] in set("=+-@\t\r\n\x00")]


class Elements(HTMLParser):
    """The names of all elements that a browser would make."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("formatter", [telemetry.ShortFormatter(), telemetry.JsonFormatter()])
def test_a_log_record_stays_one_line(text: str, formatter: logging.Formatter) -> None:
    record = logging.LogRecord("shared", logging.INFO, "", 0, "%s was left alone", (text,), None)
    record.vm = text
    line = formatter.format(record)
    assert steers(line) == set()
    assert "\n" not in line


@pytest.mark.parametrize("text", TEXTS)
def test_a_tag_names_no_backup_policy_but_one_that_is_allowed(text: str) -> None:
    (finding,) = findings_of(a_hostile_vm(text), policy("never"))
    assert finding.actions == ()
    assert not text or finding.verdict.has(Reason.BACKUP_POLICY_NOT_ALLOWED)


def test_every_question_to_resource_graph_is_a_constant() -> None:
    """No text can come into a query, because no query is put together: each is named in a module of constants."""
    folder = ROOT / "shared" / "adapters" / "azure"
    trees = {file.name: ast.parse(file.read_text(encoding="utf-8")) for file in folder.glob("*.py")}
    asked = {
        (name, ast.unparse(node.args[0]))
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rows"
    }
    assert {name for name, query in asked if query.startswith("queries.")} >= {"inventory.py", "surroundings.py"}
    # The two that are handed their queries take them from `estate_queries` and `job_queries`.
    handed = {("estate.py", "query"), ("jobs.py", "query")}
    assert {each for each in asked if not each[1].startswith("queries.")} == handed
    for name in ("queries.py", "estate_queries.py", "hazard_queries.py"):
        made = [node for node in ast.walk(trees[name]) if isinstance(node, ast.JoinedStr | ast.Call | ast.BinOp)]
        assert [ast.unparse(node) for node in made] == []
