"""Every planned write, and every reason to wait, reads as a sentence of its own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cli.output.action_words import action_text, held_text
from shared.domain.model import Action, ActionKind
from shared.domain.steps import Held
from tests.fakes import START, SUB, vm_id

VAULT = f"/subscriptions/{SUB}/resourceGroups/backup-rg/providers/Microsoft.RecoveryServices/vaults/v-1"


def text(kind: ActionKind, current: str = "") -> str:
    return action_text(Action(kind, vm_id(), VAULT, "gold"), current)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ActionKind.CREATE_VAULT, "CreateVault: make the vault v-1 in group backup-rg"),
        (ActionKind.SET_REDUNDANCY, "SetRedundancy: give the vault v-1 the storage redundancy that the rule asks for"),
        (
            ActionKind.ENSURE_BACKUP_POLICY,
            "EnsureBackupPolicy: give vault v-1 the backup policy gold as the rule asks for it",
        ),
        (ActionKind.UNDELETE, "Undelete: bring back the deleted backup in vault v-1"),
        (ActionKind.RESUME_PROTECTION, "ResumeProtection: resume the backup in vault v-1 under backup policy gold"),
        (ActionKind.CHANGE_BACKUP_POLICY, "ChangeBackupPolicy: change the backup policy to gold in vault v-1"),
        (ActionKind.ENABLE_PROTECTION, "EnableProtection in vault v-1 under backup policy gold"),
    ],
)
def test_a_write_says_what_it_does_to_what(kind: ActionKind, words: str) -> None:
    assert text(kind) == words


def test_every_kind_names_itself_and_its_vault() -> None:
    for kind in ActionKind:
        assert text(kind).startswith(kind.value)
        assert "v-1" in text(kind)


def test_a_change_says_from_what_to_what() -> None:
    words = "ChangeBackupPolicy: change the backup policy from silver to gold in vault v-1"
    assert text(ActionKind.CHANGE_BACKUP_POLICY, "silver") == words


def test_what_waits_says_until_when_and_what_needs_a_person_says_what_to_do() -> None:
    quota = Held("QUOTA", "the vault is full for today", "Nothing", START + timedelta(days=1))
    assert held_text(quota, steps=True) == (
        f"It waits until {START + timedelta(days=1):%Y-%m-%d %H:%M} UTC: the vault is full for today; "
        "then the steps above follow."
    )
    assert held_text(quota, steps=False).endswith("then Backstop looks again.")
    person = replace(quota, until=None, remedy="Make one.")
    assert held_text(person, steps=True) == "Nothing is written: the vault is full for today. Make one."
    assert held_text(replace(person, remedy=""), steps=True) == "Nothing is written: the vault is full for today."
