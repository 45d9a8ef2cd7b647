"""The price file: what Azure Backup costs, as the person who pays has it. No price stands in the program itself."""
