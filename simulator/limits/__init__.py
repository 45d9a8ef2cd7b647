"""Azure's limits: ARM's token buckets, the providers' throttles, and the quotas of the backup service."""
