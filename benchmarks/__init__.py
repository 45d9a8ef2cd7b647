"""What Backstop's speed is, measured on this machine. `./backstop bench` prints it; nothing here is a test."""
