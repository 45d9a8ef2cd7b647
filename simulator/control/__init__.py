"""What the person who runs the simulator may ask and set (`/_sim/...`), and the verdict over what a client did."""
