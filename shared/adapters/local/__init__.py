"""What Azure's storage is in the cloud, as one SQLite file and a folder on a laptop."""
