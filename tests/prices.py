"""Price files for tests, as text and read."""

from shared.domain.prices.model import PriceFile
from shared.domain.prices.reading import parse_prices

TEXT = """\
apiVersion: backstop/v1
kind: Prices
metadata: {name: made-up}
spec:
  currency: EUR
  default:
    instance: {upTo50: 5, upTo500: 10, eachFurther500: 10}
    storage: {LocallyRedundant: 0.02, GeoRedundant: 0.04}
    snapshot: 0.05
  regions:
    - locations: [West US, "japan*"]
      instance: {upTo50: 6, upTo500: 12, eachFurther500: 12}
      storage: {GeoRedundant: 0.08}
      snapshot: 0.1
  assume:
    usedShare: 0.5
    dailyChurn: 0.1
    kept: {retain: {daily: P7D}}
  vaults:
    - {names: "*-lrs", redundancy: LocallyRedundant}
    - {names: "*-zrs", redundancy: ZoneRedundant}
  backupPolicies:
    - {names: "Gold*", retain: {daily: P30D, weekly: P12W}, snapshotDays: 5, backupsPerDay: 3}
"""


def prices(text: str = TEXT) -> PriceFile:
    """The prices of this text."""
    return parse_prices(text, "prices.yaml")
