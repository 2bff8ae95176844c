"""What plugins import from the workers of the newer versions."""
