"""Every key of the policy file in a sentence: the one source for the JSON Schema, which editors show, and the docs.

Keyed by the model's class and the key as it stands in the file. A test holds the table to the models.
"""

from collections.abc import Mapping

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "EnforcementPolicy": {
        "apiVersion": "The version of this format.",
        "kind": "What the file is.",
        "metadata": "Whose policy this is.",
        "spec": "The policy.",
    },
    "Metadata": {
        "name": "The policy's name, shown in plans and reports.",
        "owner": "Whom to ask about it.",
    },
    "Spec": {
        "mode": "audit reports and writes nothing, enforce writes where the operator permits it too, disabled does "
        "nothing at all.",
        "paused": "true: everything goes on but the writes.",
        "scope": "Where the policy holds; left out, wherever the login can read.",
        "settle": "How long a new VM is left alone, so that its tags can arrive.",
        "limits": "Brakes on a run.",
        "optOut": "How owners say no, by a tag.",
        "exclude": "VMs that are left alone, before any rule is asked.",
        "rules": "What VMs must have. The matching rule with the lowest priority wins.",
    },
    "PolicyScope": {
        "managementGroups": "Only VMs below one of these, by name; globs.",
        "subscriptions": "Only VMs of these, by id or name; globs. With managementGroups either suffices.",
        "excludeManagementGroups": "Not the VMs below these.",
        "excludeSubscriptions": "Not the VMs of these.",
    },
    "Limits": {"maxActions": "A run that wants to change more VMs than this stops before its first write."},
    "MaxActions": {
        "amount": "The number of VMs.",
        "percent": "The share of the VMs discovered; left out, no limit by share.",
    },
    "OptOut": {
        "tag": 'The tag by which an owner opts out, such as "reason=ephemeral; until=2027-01-31; ref=CHG123".',
        "require": "The parts that the tag must have.",
        "reasons": "The reasons that count; globs. Left out, any does.",
        "maxDuration": "How long a VM may be opted out, counted from when that was first seen. null: for ever.",
        "newAfter": "How long the tag must have been gone for a new opt-out to count anew.",
    },
    "Exclude": {
        "builtin": "Kinds of VM that Backstop recognises. The default is all but citrix and spot.",
        "any": "VMs that meet one of these are left alone.",
    },
    "Rule": {
        "name": "Shown wherever the rule decides.",
        "priority": "The lowest that matches wins. Each rule has its own.",
        "match": "The VMs that the rule is for; {} is all.",
        "exclude": "VMs that meet one of these go on to the next rule.",
        "effect": "audit: what the rule asks for is reported and never written.",
        "optOut": "forbidden: the owner's opt-out is not honoured.",
        "vault": "The vault of a new protection, always one of the VM's subscription and region.",
        "backupPolicy": "The vault's backup policy. Left out: DefaultPolicy for a new protection, any for an existing.",
        "existing": "What becomes of a protection that stands, but not as asked.",
        "initialBackup": "The first backup of a new protection.",
        "diskExclusion": "Data disks that a new protection leaves out.",
    },
    "Selector": {
        "all": "Each of these must hold.",
        "any": "One of these must hold.",
        "not": "This must not hold.",
        "subscriptions": "The subscription's id or name; globs.",
        "managementGroups": "A management group above the VM, however far, by name; globs.",
        "resourceGroups": "The resource group's name; globs.",
        "names": "The VM's name; globs.",
        "locations": "The region, in either of Azure's spellings; globs.",
        "tags": "The VM's own tags; all of these.",
        "absentTags": "The VM has no tag of its own with such a name; globs.",
        "resourceGroupTags": "The resource group's tags; all of these.",
        "subscriptionTags": "The subscription's tags; all of these.",
        "effectiveTags": "The VM's tag, or else its resource group's, or else its subscription's.",
        "os": "The operating system of the OS disk.",
        "sizes": "The VM's size, such as Standard_D2s_v5; globs.",
        "image": "marketplace: the image has a publisher; custom: it has none (one's own image, or an attached disk).",
        "imagePublishers": "The image's publisher; globs.",
        "imageOffers": "The image's offer; globs.",
        "imageSkus": "The image's sku; globs.",
        "securityTypes": "Standard, TrustedLaunch or ConfidentialVM; globs.",
        "diskTypes": "The type of one of its disks, such as Premium_LRS; globs. A deallocated VM may show none.",
        "encryption": "How a disk is encrypted: platform or customer keys, at the host, or by Azure Disk Encryption.",
        "zones": "An availability zone of the VM; globs.",
        "priorities": "Regular or Spot; globs.",
        "powerStates": "Such as running or deallocated; globs.",
        "age": "How long ago Azure made the VM.",
    },
    "Age": {"atLeast": "So old or older.", "lessThan": "Younger than this."},
    "TagTest": {
        "is": "The value is one of these, with case.",
        "like": "The value matches one of these globs, without case; '*' asks only that the tag is there.",
        "ignoreCase": "true: `is` compares without case.",
    },
    "VaultChoice": {
        "select": "Which vaults will do; left out, any of the VM's subscription and region.",
        "whenMissing": "What to do where there is none.",
    },
    "VaultSelect": {"names": "The vault's name; globs.", "tags": "The vault's tags; all of these."},
    "BackupPolicyChoice": {
        "name": "The backup policy's name in the vault; with fromTag, what stands in where the tag is missing.",
        "fromTag": "The effective tag whose value names the backup policy.",
        "allowed": "Which values of that tag count; globs.",
        "type": "What the policy is expected to be; `policy check --live` compares it.",
        "schedule": "The schedule that the policy is expected to have. No effect yet.",
        "retain": "The retention that the policy is expected to have. No effect yet.",
        "timeZone": "The time zone that the policy is expected to have. No effect yet.",
    },
    "Schedule": {"every": "PT4H, PT6H, PT8H, PT12H (with type Enhanced) or P1D.", "at": "A full or half hour, HH:MM."},
    "Retention": {
        "daily": "P7D to P9999D.",
        "weekly": "P1W to P5163W.",
        "monthly": "P1M to P1188M.",
        "yearly": "P1Y to P99Y.",
    },
    "Existing": {
        "stopped": "A protection that somebody stopped.",
        "softDeleted": "A backup that somebody deleted and the vault still holds.",
        "otherPolicy": "A protection under another backup policy than the rule asks for.",
    },
    "InitialBackup": {
        "enabled": "Whether the first backup is started at once.",
        "retain": "How long its recovery point is kept, P1D to P9999D.",
    },
    "DiskExclusion": {
        "excludeLuns": "Data disks, by LUN, that are left out.",
        "includeLuns": "The only data disks, by LUN, that are taken.",
        "osDiskOnly": "true: no data disk is taken.",
    },
}
