"""What goes wrong inside Windows while the snapshot is taken: VSS, COM+, rights, run times, antivirus."""

from shared.domain.troubles.entry import Entry, Kind

_AGAIN = "Start the backup again: backstop protect VM_ID --backup-now"

WINDOWS = (
    Entry(
        ("ExtensionSnapshotFailedNoSecureNetwork",),
        Kind.MEND,
        "The extension could not open a secure connection",
        ("On Windows let .NET use strong cryptography: SchUseStrongCrypto=1 under each version's registry key", _AGAIN),
    ),
    Entry(
        ("ExtensionConfigParsingFailure",),
        Kind.MEND,
        "The extension cannot read its settings because rights on Windows' MachineKeys folder were changed",
        (
            "Reset the rights on %ProgramData%\\Microsoft\\Crypto\\RSA\\MachineKeys: Everyone may read and write",
            "Delete the certificates issued to Windows Azure CRP Certificate Generator",
            _AGAIN,
        ),
    ),
    Entry(
        ("ExtensionFailedVssWriterInBadState",),
        Kind.MEND,
        "A VSS writer inside Windows is in a bad state",
        (
            "See that disk space, memory and processor are not used up",
            "List the writers with `vssadmin list writers`, and restart the service of each that is not Stable",
            "If it stays: back the VM up at quieter times, or give it faster disks",
        ),
    ),
    Entry(
        ("ExtensionFailedVssServiceInBadState",),
        Kind.MEND,
        "Windows' Volume Shadow Copy service is in a bad state",
        ("Restart the service: net stop VSS, net start VSS", "If it stays: restart the VM", _AGAIN),
    ),
    Entry(
        ("ExtensionSnapshotFailedCOM", "ExtensionInstallationFailedCOM", "ExtensionInstallationFailedMDTC"),
        Kind.MEND,
        "Windows' COM+ or its transaction coordinator does not work",
        (
            "Start the service COM+ System Application: net start COMSysApp",
            "Let the Distributed Transaction Coordinator run as Network Service, and reinstall it if it does not start",
            _AGAIN,
        ),
    ),
    Entry(
        ("ExtensionSnapshotBitlockerError",),
        Kind.MEND,
        "BitLocker has locked a drive of the VM",
        ("Unlock the drive, or switch BitLocker off on it", _AGAIN),
    ),
    Entry(
        ("ExtensionVCRedistInstallationFailure", "ExtensionInstallationFailure"),
        Kind.MEND,
        "The backup extension could not be installed",
        (
            "Install the Visual C++ runtime that lies in the extension's folder",
            "Let the antivirus and the registry's rights permit the installation",
            _AGAIN,
        ),
    ),
    Entry(
        ("VMRestorePointInternalError",),
        Kind.MEND,
        "The antivirus inside the VM stops the backup extension",
        (
            "Leave its folder out of the scans: C:\\Packages\\Plugins\\Microsoft.Azure.RecoveryServices.VMSnapshot",
            _AGAIN,
        ),
    ),
)
