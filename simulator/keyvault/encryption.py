"""What a VM says of Azure Disk Encryption: `encryptionSettings` of its OS disk, and the key vaults it names. Pure."""

from simulator.core.wire import Json


def encryption_of(properties: Json) -> Json | None:
    """The settings in a VM's `properties` where encryption is on, else None."""
    disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
    settings = disk.get("encryptionSettings")
    return settings if isinstance(settings, dict) and settings.get("enabled", True) else None


def source_of(settings: Json, name: str) -> str:
    """The id of the key vault of `diskEncryptionKey` or `keyEncryptionKey`; empty where there is none."""
    part = settings.get(name)
    source = part.get("sourceVault") if isinstance(part, dict) else None
    return str(source.get("id") or "") if isinstance(source, dict) else ""


def settings_for(key_vault: str, *, with_key: bool) -> Json:
    """Settings as the platform writes them for a key vault (its id); `with_key` where a key encrypts the secret."""
    name = key_vault.rsplit("/", 1)[1].lower()
    made: Json = {
        "diskEncryptionKey": {
            "secretUrl": f"https://{name}.vault.invalid/secrets/disk/1",
            "sourceVault": {"id": key_vault},
        },
        "enabled": True,
    }
    if with_key:
        made["keyEncryptionKey"] = {
            "keyUrl": f"https://{name}.vault.invalid/keys/disk/1",
            "sourceVault": {"id": key_vault},
        }
    return made
