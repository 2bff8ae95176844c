"""Takes whatever it is given, and says what that was."""


def run(given, raw):
    yield {"object_type": "Network", "name": type(given).__name__}
