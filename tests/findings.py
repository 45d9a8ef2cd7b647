"""Hypothesis strategies for findings, hostile texts included; used by the tests of stores and reports."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.domain.advice import Advice, Advisory
from shared.domain.arm_id import ArmId, parse_vm_id
from shared.domain.model import (
    Action,
    ActionKind,
    DiskSelection,
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.reasons import Reason

SUBSCRIPTIONS = ("11111111-2222-3333-4444-555555555555", "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee")
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    '=HYPERLINK("http://evil.example";"x")',
    "+1+1|cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "a\x00b\x1b[31m\x7f\x85",
    "\u202egnp.exe\u2066",
    "\ud800 half a pair",
    "\"quoted\", and\nbroken; 'so'",
    "\u200bzero\ufeff width \uff1d1",
)

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.just(""))
names = st.text(alphabet="abcXYZ019-_.()äß日", min_size=1, max_size=20)
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=365 * 8_000)).map(lambda age: _FIRST + age)
maybe_moments = st.none() | moments


def vm_id(name: str, group: str = "rg", subscription: str = SUBSCRIPTIONS[0]) -> ArmId:
    """A VM's id in a made-up subscription."""
    return parse_vm_id(
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    )


vm_ids = st.builds(vm_id, names, names, st.sampled_from(SUBSCRIPTIONS))
protections = st.builds(
    Protection,
    st.sampled_from(ProtectionState),
    item_id=texts,
    vault_id=texts,
    backup_policy=texts,
    has_recovery_point=st.booleans(),
    last_backup=maybe_moments,
    last_backup_status=st.sampled_from(["", "Completed", "Failed", "InProgress"]) | texts,
    backup_running=st.booleans(),
)
reasons = st.builds(ReasonDetail, st.sampled_from(Reason), texts)
verdicts = st.builds(
    Verdict,
    st.sampled_from(State),
    st.lists(reasons, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "default"]),
)
actions = st.builds(
    Action,
    st.sampled_from(ActionKind),
    vm_ids,
    texts,
    texts,
    texts,
    st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)),
    maybe_moments,
    st.none() | st.builds(DiskSelection, st.lists(st.integers(0, 63), max_size=3).map(tuple), st.booleans()),
)
stretches = st.builds(OptOutStretch, moments, moments, texts, texts)
advisories = st.builds(Advisory, st.sampled_from(Advice), texts, texts, st.none() | vm_ids)
outcomes = st.builds(Outcome, st.sampled_from(Status), maybe_moments, texts, texts, texts, st.booleans())
findings = st.builds(
    Finding,
    vm_ids,
    st.sampled_from(["westeurope", "eastus", ""]) | texts,
    verdicts,
    st.none() | protections,
    st.lists(actions, max_size=2).map(tuple),
    outcomes,
    moments,
    texts,
    texts,
    texts,
    texts,
    st.none() | stretches,
    st.none() | st.integers(0, 300_000),
    st.lists(advisories, max_size=2).map(tuple),
)
estates = st.lists(findings, max_size=12, unique_by=lambda each: each.vm.key)
