"""One thin module for each trigger: decode the payload, hand over to the core. Nothing here knows Azure."""
