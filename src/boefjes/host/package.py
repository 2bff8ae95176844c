"""A plugin host: starts one process a job, and tells the daemon what became of it."""
