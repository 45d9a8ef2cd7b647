"""What goes wrong while the VM agent and the backup extension take the snapshot."""

from shared.domain.troubles.entry import Entry, Kind, Known

_AGAIN = "Start the backup again: backstop protect VM_ID --backup-now"
_READY = "See in the VM's properties that it runs and that its agent is Ready; else restart or reinstall the agent"
_WIRE = (
    "Let the VM reach 168.63.129.16 on ports 80, 443 and 32526 past firewall and proxy, and take its address by DHCP"
)
_EXTENSION = "Uninstall the extension VMSnapshot or VMSnapshotLinux from the VM; the next backup installs it anew"

AGENT = (
    Entry(
        ("IaasVmHealthGreenDefault",),
        Kind.NO_TROUBLE,
        "The service finds nothing wrong with the item",
        numbers=(400239,),
        known=Known.SEEN,
    ),
    Entry(
        ("CrashConsistentSnapshot",),
        Kind.MEND,
        "The recovery point is there, but only crash-consistent: the applications were not brought to rest",
        ("Check the VSS writers on Windows (`vssadmin list writers`), or the pre and post scripts on Linux",),
        known=Known.PRESUMED,
    ),
    Entry(
        ("UserErrorGuestAgentStatusUnavailable", "GuestAgentStatusUnavailableUserError"),
        Kind.MEND,
        "The VM agent is stopped, old, broken or not installed",
        (_READY, "See that all extensions are in Provisioning succeeded", _AGAIN),
    ),
    Entry(
        ("GuestAgentSnapshotTaskStatusError",),
        Kind.MEND,
        "The VM agent does not tell how the snapshot stands",
        (
            _READY,
            _WIRE,
            "On Linux set Extensions.Enable=y and Provisioning.Agent=auto in /etc/waagent.conf",
            "Let AppLocker and the like run IaaSBcdrExtension.exe",
            _AGAIN,
        ),
    ),
    Entry(
        ("UserErrorGuestAgentVersionUnsupported",),
        Kind.MEND,
        "The VM agent is too old",
        (
            "Update the agent while no backup runs: by the distribution's packages on Linux, by its MSI on Windows",
            _AGAIN,
        ),
    ),
    Entry(
        ("GuestAgentCertificateNotFound",),
        Kind.MEND,
        "The VM agent has no valid certificate for its protected settings",
        ("Restart the VM agent, so that it fetches a new certificate", "If it stays: restart the VM", _AGAIN),
    ),
    Entry(
        ("GuestAgentPluginInstallCommandProcessingFailed",),
        Kind.MEND,
        "The backup extension cannot start because its run time is missing",
        ("Install .NET on Windows, or Python on Linux, as the extension needs it", _AGAIN),
    ),
    Entry(
        ("ExtensionSnapshotFailedNoNetwork",),
        Kind.MEND,
        "The VM has no network, so the snapshot could not be taken",
        (_WIRE, _AGAIN),
        numbers=(400206,),
    ),
    Entry(
        ("ExtensionFailedTimeoutVMNetworkUnresponsive", "ExtensionFailedTimeoutDelayInNetwork"),
        Kind.MEND,
        "The snapshot took too long because the VM is overloaded or its network is slow",
        (
            "Keep the proxy out of the agent's way",
            "Back the VM up when it has less to do, or make it larger",
            "On Windows let the host take the snapshot: SnapshotMethod=firstHostThenGuest in BcdrAgentPersistentKeys",
        ),
    ),
    Entry(
        ("ExtensionStuckInDeletionState",),
        Kind.MEND,
        "The backup extension is stuck in its deletion",
        (_READY, _EXTENSION, _AGAIN),
    ),
    Entry(
        ("ExtensionOperationFailed", "ExtensionOperationFailedForManagedDisks"),
        Kind.MEND,
        "The backup extension failed",
        (_READY, _WIRE, _EXTENSION, _AGAIN),
    ),
    Entry(
        ("ExtensionFailedSnapshotLimitReachedError",),
        Kind.MEND,
        "A disk has as many snapshots as it may have",
        (
            "Delete snapshots of the disk that nobody needs, and never the disk itself",
            "Run Site Recovery and other products that take snapshots at another time",
            _AGAIN,
        ),
    ),
    Entry(
        ("ExtensionFailedOutOfMemoryError", "ExtensionInstallProviderComMemoryQuotaReached"),
        Kind.MEND,
        "The VM has too little memory for the snapshot",
        ("Restart the VM, or make it larger", _AGAIN),
    ),
    Entry(
        ("ExtensionCommandExecFailure",),
        Kind.MEND,
        "The backup extension cannot run its command",
        (_READY, _EXTENSION, _AGAIN),
    ),
    Entry(
        ("ExtensionPreScriptTimeout",),
        Kind.MEND,
        "The script that brings the application to rest took too long",
        ("Make the pre script faster, or raise its timeout in VMSnapshotScriptPluginConfig.json", _AGAIN),
    ),
    Entry(
        ("BCMCrpInternalError", "UserErrorCrpReportedUserError"),
        Kind.MEND,
        "The compute service reports an error of the VM, its agent or an extension",
        (
            "Read the job's details in the vault",
            _READY,
            "See that all extensions are in Provisioning succeeded",
            _AGAIN,
        ),
    ),
    Entry(
        ("Extension*",),
        Kind.MEND,
        "The backup extension inside the VM failed",
        (_READY, _WIRE, _EXTENSION, _AGAIN),
        known=Known.PRESUMED,
    ),
    Entry(
        ("GuestAgent*", "UserErrorGuestAgent*"),
        Kind.MEND,
        "The VM agent does not work as the backup needs it",
        (_READY, _WIRE, _AGAIN),
        known=Known.PRESUMED,
    ),
)
