"""What a plan says beforehand: vaults, backup policies, days, and what waits. Every VM is told once."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.azure_answers import Scope
from shared.domain.backup_policy import BackupPolicy
from shared.domain.holdings import UNASKED, Holdings, VaultContents
from shared.domain.model import Action, ActionKind, Finding, Outcome, ReasonDetail, State, Status, Verdict
from shared.domain.placement import Seat
from shared.domain.policy_tools.placement_summary import PlacementSummary, PolicyUse, held_up, summarise_placement
from shared.domain.reasons import Reason
from shared.domain.steps import Held, Placement
from tests.fakes import START, SUB, World, a_vault, a_vm, vm_id
from tests.policies import compiled

POLICY = compiled("""
mode: enforce
settle: PT0S
rules:
  - name: all
    priority: 1
    match: {}
    vault: {whenMissing: create, redundancy: ZoneRedundant}
    backupPolicy: {name: gold, retain: {daily: P30D}}
""")
WEEK = timedelta(days=7)
OUTCOMES = (
    Outcome(Status.DRY_RUN),
    Outcome(Status.FAILED, None, "Code", "no", "mend it"),
    Outcome(Status.DEFERRED, START + WEEK, "SCHEDULED_SOON", "it comes by itself"),
    Outcome(Status.DEFERRED, None, "CHANGE_REFUSED", "shorter"),
    Outcome(Status.DEFERRED, START + WEEK),
)


def vault(name: str) -> str:
    return f"/subscriptions/{SUB}/resourceGroups/Backup-RG/providers/Microsoft.RecoveryServices/vaults/{name}"


def a_finding(name: str, outcome: Outcome = OUTCOMES[0], *, with_actions: bool = True) -> Finding:
    verdict = Verdict(State.NON_COMPLIANT, (ReasonDetail(Reason.UNPROTECTED),), "all")
    action = Action(ActionKind.ENABLE_PROTECTION, vm_id(name), "", "")
    return Finding(vm_id(name), "westeurope", verdict, None, (action,) if with_actions else (), outcome, START)


def a_place(where: str, policy: str, at_hour: float = 0, *first: ActionKind) -> Placement:
    return Placement(Seat(vault(where), policy, START + timedelta(hours=at_hour)), first)


def summary(places: dict[str, Placement | Held], holdings: Holdings = UNASKED) -> PlacementSummary:
    findings = [a_finding(name, with_actions=isinstance(place, Placement)) for name, place in places.items()]
    placed = {vm_id(name).key: place for name, place in places.items()}
    return summarise_placement(findings, placed, holdings, POLICY, START)


async def test_vaults_to_be_made_are_counted_with_their_policies_and_days() -> None:
    here = World(POLICY)
    for number in range(12):
        here.azure.add(a_vm(f"vm-{number:02}"))
    found = await here.sweeper.discover(Scope(), "run")
    told = summarise_placement(found.findings, found.placed, found.holdings, POLICY, START)
    assert told.in_words == "1 vault (1 to be made), 1 backup policy (1 to be made), 1 day"
    (one,) = told.vaults
    assert (one.id.name, one.location, one.redundancy, one.vms) == (
        "backstop-westeurope",
        "westeurope",
        "ZoneRedundant",
        12,
    )
    assert one.policies == (PolicyUse("gold", 12, to_be_made=True),)
    assert (one.per_day, one.first, one.last) == ((12,), START, START)
    assert told.held == ()


def test_what_is_there_is_not_to_be_made_and_what_is_edited_is_told() -> None:
    ensure = ActionKind.ENSURE_BACKUP_POLICY
    contents = {vault("a").lower(): VaultContents((BackupPolicy("Gold"), BackupPolicy("plain")))}
    told = summary(
        {
            "one": a_place("a", "gold", 0, ensure),
            "two": a_place("a", "plain"),
            "six": a_place("a", "GOLD-01", 0, ensure),
        },
        Holdings(contents),
    )
    assert told.in_words == "1 vault, 3 backup policies (1 to be made), 1 day"
    assert told.vaults[0].policies == (
        PolicyUse("gold", 1, to_be_changed=True),
        PolicyUse("GOLD-01", 1, to_be_made=True),
        PolicyUse("plain", 1),
    )


def test_one_policy_in_two_spellings_is_one() -> None:
    told = summary({"one": a_place("a", "gold"), "two": a_place("A", "Gold")})
    assert [each.policies for each in told.vaults] == [(PolicyUse("gold", 2),)]


def test_a_day_is_24_hours_from_the_plan_on_and_one_without_a_vm_counts() -> None:
    told = summary(
        {"one": a_place("a", "gold", 50), "two": a_place("a", "gold", 24.25), "six": a_place("b", "gold", -3)}
    )
    a, b = told.vaults
    assert a.per_day == (0, 1, 1)
    assert a.first == START + timedelta(hours=24.25)
    assert (b.per_day, b.first) == ((1,), START), "a seat whose time has come is taken now"
    assert told.days == 3


def test_those_that_wait_for_the_same_are_told_together_and_those_that_need_a_person_first() -> None:
    def until(hours: int) -> Held:
        return Held("QUOTA", "the vault is full for today", "Nothing", START + timedelta(hours=hours))

    nowhere = Held("NO_VAULT", "no vault will do", "Create one")
    seat = Seat(vault("a"), "gold", START)
    told = summary(
        {
            "one": Placement(seat, (), until(30)),
            "two": Placement(seat, (), until(20)),
            "six": Placement(seat, (), until(40)),
            "ten": nowhere,
        }
    )
    person, quota = told.held
    assert (person.code, person.vms, person.until) == ("NO_VAULT", 1, None)
    assert (quota.vms, quota.first, quota.until) == (3, START + timedelta(hours=20), START + timedelta(hours=40))
    assert told.vaults[0].vms == 3


def test_a_vm_that_nothing_would_be_done_for_goes_nowhere() -> None:
    place = a_place("a", "gold")
    told = summarise_placement(
        [a_finding("web", with_actions=False)], {vm_id("web").key: place}, UNASKED, POLICY, START
    )
    assert told == PlacementSummary()
    assert (told.days, told.in_words) == (0, "0 vaults, 0 backup policies, 0 days")


def test_a_finding_that_is_put_off_says_why_and_any_other_is_not_told() -> None:
    told = held_up([a_finding(f"vm-{number}", outcome) for number, outcome in enumerate(OUTCOMES)])
    assert [(each.code, each.until) for each in told] == [("CHANGE_REFUSED", None), ("SCHEDULED_SOON", START + WEEK)]


PLACES = st.builds(
    a_place,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["gold", "Gold", "gold-01", "DefaultPolicy"]),
    st.floats(-5, 200),
    st.sampled_from(ActionKind),
) | st.builds(Held, st.sampled_from(["ONE", "TWO"]), st.just("why"), until=st.none() | st.just(START))


@given(st.lists(PLACES, max_size=12))
def test_every_vm_is_counted_once(places: list[Placement | Held]) -> None:
    told = summary({f"vm-{number}": place for number, place in enumerate(places)})
    seated = sum(isinstance(each, Placement) for each in places)
    assert sum(each.vms for each in told.vaults) == sum(each.vms for each in told.policies) == seated
    assert sum(each.vms for each in told.held) == len(places) - seated
    for each in told.vaults:
        assert each.first <= each.last
        assert len(each.per_day) == (each.last - START) // timedelta(days=1) + 1


def test_a_vault_that_exists_is_none_to_be_made() -> None:
    place = Placement(Seat(a_vault().id.text, "DefaultPolicy", START))
    told = summarise_placement([a_finding("web")], {vm_id("web").key: place}, UNASKED, POLICY, START)
    assert [(each.to_be_made, each.redundancy) for each in told.vaults] == [(False, "")]
