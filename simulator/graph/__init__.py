"""Resource Graph: KQL over the state."""
