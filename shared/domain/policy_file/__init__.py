"""The enforcement policy as a file: its sections, its reading with the place of every mistake, its schema. Pure."""
