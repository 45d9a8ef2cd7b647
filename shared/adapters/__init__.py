"""The world behind the ports: Azure, this machine, the clock, the policy file."""
