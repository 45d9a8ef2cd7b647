"""What people do with a policy before it acts: lint, cases, differences between two, a look at the estate. Pure."""
