"""The price file's model: prices by region, and what is assumed where Azure does not tell.

Strict, like the enforcement policy. It holds the structure of Azure Backup's charges (a fee for each protected instance
by the size of its data, storage by redundancy, snapshots) and refuses to hold any price itself: those change, and
differ by agreement. Amounts are for a month, sizes in GB, shares between 0 and 1. `pricing.py` calculates with it.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Section, Text, Texts, as_tuple
from shared.domain.prices.types import Currency, Days, Months, Price, Share, Weeks, Years
from shared.domain.selectors import normalise_location


class Redundancy(StrEnum):
    """How the vault's storage is replicated, in Azure's words (`storageType` of the vault, REST)."""

    LOCALLY = "LocallyRedundant"
    ZONE = "ZoneRedundant"
    GEO = "GeoRedundant"
    READ_ACCESS_GEO_ZONE = "ReadAccessGeoZoneRedundant"


class InstanceFee(Section):
    """The fee of a protected VM by the size of its data: two bands, and one step for each further 500 GB begun.

    Azure's bands: up to 50 GB, up to 500 GB, each further 500 GB (Azure Backup's pricing page; as of 2015 and 2024).
    """

    up_to_50: Price = Field(alias="upTo50")
    up_to_500: Price = Field(alias="upTo500")
    each_further_500: Price = Field(alias="eachFurther500")


class StoragePrices(Section):
    """The price of a GB in the vault by redundancy. A redundancy without one is not estimated."""

    locally: Price | None = Field(default=None, alias="LocallyRedundant")
    zone: Price | None = Field(default=None, alias="ZoneRedundant")
    geo: Price | None = Field(default=None, alias="GeoRedundant")
    read_access_geo_zone: Price | None = Field(default=None, alias="ReadAccessGeoZoneRedundant")

    def of(self, redundancy: Redundancy) -> Decimal | None:
        """The price of a GB, or None where the file has none."""
        prices = {
            Redundancy.LOCALLY: self.locally,
            Redundancy.ZONE: self.zone,
            Redundancy.GEO: self.geo,
            Redundancy.READ_ACCESS_GEO_ZONE: self.read_access_geo_zone,
        }
        return prices[redundancy]


class Prices(Section):
    """All prices of one region."""

    instance: InstanceFee
    storage: StoragePrices
    snapshot: Price


class RegionPrices(Prices):
    """Prices of some regions, in place of the default ones as a whole."""

    locations: Texts


class Retain(Section):
    """How long recovery points stay in the vault, as the enforcement policy writes it: P30D of daily ones are 30."""

    daily: Days | None = None
    weekly: Weeks | None = None
    monthly: Months | None = None
    yearly: Years | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.daily, self.weekly, self.monthly, self.yearly)):
            raise ValueError("give at least one of daily, weekly, monthly and yearly")
        return self


class Kept(Section):
    """What a backup policy keeps: points in the vault by `retain`, and snapshots beside the VM for instant restore."""

    retain: Retain
    snapshot_days: int = Field(default=2, ge=1, le=30)  # 1 to 5, Enhanced 1 to 30 (Azure Backup documentation, 2025)
    backups_per_day: int = Field(default=1, ge=1, le=6)


class KeptByPolicy(Kept):
    """What backup policies with such names keep."""

    names: Texts


class VaultRedundancy(Section):
    """The redundancy of vaults with such names."""

    names: Texts
    redundancy: Annotated[Redundancy, Field(strict=False)]


class Assumptions(Section):
    """What nobody can read from Azure before the backups are there.

    `usedShare`: how much of the provisioned size holds data. `dailyChurn`: how much of the data changes in a day.
    `fullSnapshot`: whether the oldest snapshot is paid in full, as an incremental snapshot of a managed disk is, or
    only what has changed since.
    """

    used_share: Share
    daily_churn: Share
    redundancy: Annotated[Redundancy, Field(strict=False)] = Redundancy.GEO  # a new vault's, unless it is set
    kept: Kept
    full_snapshot: bool = True


class PriceSpec(Section):
    """The body of the file."""

    currency: Currency
    default: Prices
    regions: Annotated[tuple[RegionPrices, ...], BeforeValidator(as_tuple), Field(max_length=200)] = ()
    assume: Assumptions
    vaults: Annotated[tuple[VaultRedundancy, ...], BeforeValidator(as_tuple), Field(max_length=1000)] = ()
    backup_policies: Annotated[tuple[KeptByPolicy, ...], BeforeValidator(as_tuple), Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _one_price_for_a_region(self) -> Self:
        names: set[str] = set()
        for location in (normalise_location(each) for entry in self.regions for each in entry.locations):
            if location in names:
                raise ValueError(f"the region '{location}' has prices twice")
            names.add(location)
        return self


class PriceMetadata(Section):
    """Whose prices these are."""

    name: Text
    source: Annotated[str, Field(max_length=260)] = ""  # where they were read, and when


class PriceFile(Section):
    """The whole file."""

    api_version: Literal["backstop/v1"]
    kind: Literal["Prices"]
    metadata: PriceMetadata
    spec: PriceSpec
