"""The price file: strict, with the place of every mistake, and of one mind with its schema, example and page."""

from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cli.commands.policy_schema import ROOT
from shared.domain.prices.keys import PRICE_DESCRIPTIONS
from shared.domain.prices.model import Redundancy
from shared.domain.prices.reading import parse_prices, prices_schema, read_prices
from shared.domain.prices.tables import PriceTables
from shared.errors import SettingsError
from tests.prices import TEXT, prices

SCHEMA = Draft202012Validator(prices_schema())
EXAMPLE = ROOT / "examples" / "prices.yaml"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "upTo50: 5",
            "upTo51: 5",
            "prices.yaml:7:16: spec.default.instance.upTo51: unknown key (did you mean 'upTo50'?)",
        ),
        ("upTo50: 5, ", "", "prices.yaml:7:5: spec.default.instance: the key 'upTo50' is missing"),
        ("upTo50: 5", "upTo50: '5'", "upTo50: must be a number, without quotes or unit"),
        ("upTo50: 5", "upTo50: -5", "upTo50: must be between 0 and 1,000,000,000"),
        ("upTo50: 5", "upTo50: true", "upTo50: must be a number, without quotes or unit"),
        ("snapshot: 0.05", "snapshot:", "prices.yaml:9:5: spec.default.snapshot: has no value"),
        ("snapshot: 0.05", "snapshot: 0.000000001", "snapshot: must have eight digits after the point at most"),
        ("snapshot: 0.05", "snapshot: .inf", "snapshot: must be a number such as 12 or 0.05"),
        ("usedShare: 0.5", "usedShare: 50", "spec.assume.usedShare: must be between 0 and 1, such as 0.6"),
        ("currency: EUR", "currency: euro", "spec.currency: must be three capital letters, such as EUR"),
        ("daily: P7D", "daily: 7", "spec.assume.kept.retain.daily: must be between P1D and P9999D"),
        ("{daily: P7D}", "{}", "must hold something|give at least one of daily, weekly, monthly and yearly"),
        ("redundancy: LocallyRedundant", "redundancy: LRS", "must be 'LocallyRedundant', 'ZoneRedundant'"),
        ("snapshotDays: 5", "snapshotDays: 31", "snapshotDays: must be 30 at most"),
        ("West US", "westus, West US", "the region 'westus' has prices twice"),
        ("kind: Prices", "kind: EnforcementPolicy", "kind: must be 'Prices'"),
        ("kind: Prices", "kind: &a Prices", "anchors and aliases are not allowed"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_prices(TEXT.replace(old, new, 1), "prices.yaml")
    assert caught.value.message.startswith("prices.yaml:")
    assert any(each in caught.value.message for each in told.split("|"))
    assert (caught.value.code, caught.value.remedy != "") == ("PRICES", True)


def test_several_mistakes_are_counted_and_the_misspelling_comes_first() -> None:
    text = TEXT.replace("currency: EUR", "currency: euro").replace("upTo50: 5", "upTo51: 5")
    with pytest.raises(SettingsError, match=r"upTo51: unknown key .* \(and 1 more\)"):
        parse_prices(text, "prices.yaml")


@given(st.decimals(0, 10_000, places=8))
def test_a_price_is_taken_as_it_is_written(price: Decimal) -> None:
    read = prices(TEXT.replace("snapshot: 0.05", f"snapshot: {price:.8f}"))
    assert read.spec.default.snapshot == price


@pytest.mark.parametrize("text", ["", "[]", "a: 1", "\x00", "spec: {default: 3, regions: 4, assume: []}"])
def test_anything_else_is_refused_and_never_falls_over(text: str) -> None:
    read, errors, _ = read_prices(text, "prices.yaml")
    assert read is None
    assert errors


def test_prices_are_found_by_region_vault_and_backup_policy() -> None:
    tables = PriceTables(prices())
    assert tables.prices_in("westus").snapshot == tables.prices_in("Japan East").snapshot == Decimal("0.1")
    assert tables.prices_in("westeurope").snapshot == tables.prices_in("").snapshot == Decimal("0.05")
    assert tables.redundancy_of("RSV-LRS") is Redundancy.LOCALLY
    assert tables.redundancy_of("rsv") is tables.redundancy_of("") is None
    gold = tables.kept_by("gold-01")
    assert gold is not None
    assert (gold.retain.daily, gold.retain.weekly, gold.retain.monthly) == (30, 12, None)
    assert tables.kept_by("silver") is tables.kept_by("") is None


def test_the_example_is_one_to_the_reader_and_to_the_schema_and_says_that_it_is_made_up() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert parse_prices(text, EXAMPLE.name).metadata.name == "placeholder"
    SCHEMA.validate(yaml.safe_load(text))
    assert "PLACEHOLDERS" in text


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    Draft202012Validator.check_schema(prices_schema())
    for old, new in (("usedShare: 0.5", "usedShare: 50"), ("EUR", "euro"), ("P7D", "7"), ("upTo50", "upTo51")):
        assert not SCHEMA.is_valid(yaml.safe_load(TEXT.replace(old, new, 1)))


def test_every_key_is_described_and_stands_on_the_page() -> None:
    sections = {"PriceFile": prices_schema(), **prices_schema()["$defs"]}
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    for name, keys in PRICE_DESCRIPTIONS.items():
        assert set(keys) == set(sections[name]["properties"]), name
        for key in keys:
            assert f"`{key}`" in page, key
    undescribed = {name for name, each in sections.items() if "properties" in each} - set(PRICE_DESCRIPTIONS)
    assert not undescribed


def test_no_price_and_no_share_has_a_default() -> None:
    for name, section in prices_schema()["$defs"].items():
        numbers = [each for each in section.get("properties", {}).values() if each.get("type") == "number"]
        assert [each for each in numbers if "default" in each] == [], name
