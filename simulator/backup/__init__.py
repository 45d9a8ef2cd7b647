"""Recovery Services: vaults, policies, protected items, backups, jobs and their operations."""
