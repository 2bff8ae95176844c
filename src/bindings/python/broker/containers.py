"""Lists by the names of the original's, which some programs make or look for."""


class VectorTopic(list):
    """Topics."""
