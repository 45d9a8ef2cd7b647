"""Microsoft.KeyVault, as far as the backup of encrypted VMs depends on it."""
