"""The workers' configuration, as far as plugins read it."""

import pathlib

BASE_DIR = pathlib.Path()


class Settings:
    """One attribute a key of the configuration."""

    def __getattr__(self, name):
        raise AttributeError(f"plugins cannot read the setting {name}")

    def __repr__(self):
        return f"Settings({', '.join(sorted(vars(self)))})"


settings = Settings()


def configure(values, cwd):
    """The host's: the values that plugins may read, by lower-case name."""
    global BASE_DIR
    vars(settings).update(values)
    BASE_DIR = pathlib.Path(cwd) / "boefjes"
