"""Real engines, judged: `make engines`. Each is installed, started on loopback, broken in every way, and stopped."""
