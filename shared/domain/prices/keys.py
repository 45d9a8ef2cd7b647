"""Every key of the price file in a sentence, for its JSON Schema. A test holds the table to the model."""

from collections.abc import Mapping

_REDUNDANCY = "A GB and month in a vault that is {}. Left out: VMs in such a vault are not estimated."

PRICE_DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "PriceFile": {
        "apiVersion": "The version of this format.",
        "kind": "What the file is.",
        "metadata": "Whose prices these are.",
        "spec": "The prices, and what is assumed.",
    },
    "PriceMetadata": {
        "name": "A name for these prices; reports show it.",
        "source": "Where the prices were read, and when.",
    },
    "PriceSpec": {
        "currency": "The currency of all amounts, such as EUR.",
        "default": "The prices of every region without an entry of its own.",
        "regions": "Prices of some regions, in place of the default ones as a whole; the first entry that fits wins.",
        "assume": "What cannot be read from Azure.",
        "vaults": "The redundancy of vaults by name; the first entry that fits wins.",
        "backupPolicies": "What backup policies keep, by name; the first entry that fits wins.",
    },
    "Prices": {
        "instance": "The monthly fee of a protected VM.",
        "storage": "A GB and month in the vault.",
        "snapshot": "A GB and month of instant-restore snapshots.",
    },
    "RegionPrices": {
        "locations": "The regions, in either of Azure's spellings; globs.",
        "instance": "The monthly fee of a protected VM.",
        "storage": "A GB and month in the vault.",
        "snapshot": "A GB and month of instant-restore snapshots.",
    },
    "InstanceFee": {
        "upTo50": "A VM whose data is 50 GB at most.",
        "upTo500": "A VM whose data is more than 50 GB and 500 GB at most.",
        "eachFurther500": "For each further 500 GB that is begun, on top of upTo500.",
    },
    "StoragePrices": {
        "LocallyRedundant": _REDUNDANCY.format("locally redundant"),
        "ZoneRedundant": _REDUNDANCY.format("zone-redundant"),
        "GeoRedundant": _REDUNDANCY.format("geo-redundant"),
        "ReadAccessGeoZoneRedundant": _REDUNDANCY.format("read-access geo-zone-redundant"),
    },
    "Assumptions": {
        "usedShare": "How much of the provisioned disk size holds data, 0 to 1.",
        "dailyChurn": "How much of the data changes in a day, 0 to 1.",
        "redundancy": "The redundancy of vaults that `vaults` does not name.",
        "kept": "What backup policies keep that neither `backupPolicies` nor the enforcement policy describes.",
        "fullSnapshot": "true: the oldest snapshot is paid in full; false: only what has changed since.",
    },
    "Kept": {
        "retain": "How long recovery points stay in the vault.",
        "snapshotDays": "For how many days instant-restore snapshots stay beside the VM.",
        "backupsPerDay": "How many backups a day; each is a snapshot, one a day goes to the vault.",
    },
    "KeptByPolicy": {
        "names": "Names of backup policies; globs.",
        "retain": "How long recovery points stay in the vault.",
        "snapshotDays": "For how many days instant-restore snapshots stay beside the VM.",
        "backupsPerDay": "How many backups a day; each is a snapshot, one a day goes to the vault.",
    },
    "VaultRedundancy": {"names": "Names of vaults; globs.", "redundancy": "How their storage is replicated."},
    "Retain": {
        "daily": "For how many days, such as P30D.",
        "weekly": "For how many weeks, such as P12W.",
        "monthly": "For how many months, such as P12M.",
        "yearly": "For how many years, such as P3Y.",
    },
}
