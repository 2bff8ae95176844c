"""What plugins import from the workers: the models of their jobs, and the configuration."""
