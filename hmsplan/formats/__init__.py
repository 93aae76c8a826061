"""Values to bytes and back: plans, snapshots, state files, canonical JSON; and what may leave. Pure."""
