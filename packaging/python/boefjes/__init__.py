"""The old name of the workers. What plugins import under it comes from the plugin hosts themselves."""
