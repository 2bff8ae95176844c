"""What of a model's values is dumped: all, or what is asked for, as pydantic lets one ask."""

from collections.abc import Collection, Mapping

# Every key, where keys are named.
ALL = "__all__"


class Dump:
    """How a model is dumped. What is included and excluded is said anew for each value."""

    def __init__(self, exclude_unset=False, exclude_defaults=False, exclude_none=False):
        self.exclude_unset = exclude_unset
        self.exclude_defaults = exclude_defaults
        self.exclude_none = exclude_none

    def model(self, model, include, exclude):
        dumped = {}
        for field, value in model:
            if self.exclude_unset and field not in model.model_fields_set:
                continue
            if self.exclude_defaults and field in model.FIELDS and value == model.FIELDS[field][1]:
                continue
            if self.exclude_none and value is None:
                continue
            for part in left(field, include, exclude):
                dumped[field] = self.value(value, *part)
        return dumped

    def value(self, value, include, exclude):
        if hasattr(value, "model_fields_set") and hasattr(value, "FIELDS"):
            return self.model(value, include, exclude)
        if hasattr(value, "model_dump"):
            return value.model_dump(
                include=include,
                exclude=exclude,
                exclude_unset=self.exclude_unset,
                exclude_defaults=self.exclude_defaults,
                exclude_none=self.exclude_none,
            )
        if isinstance(value, dict):
            return {
                key: self.value(item, *part)
                for key, item in value.items()
                for part in left(key, include, exclude)
            }
        if isinstance(value, (list, tuple)):
            size = len(value)
            items = [
                self.value(item, *part)
                for place, item in enumerate(value)
                for part in left(place, from_front(include, size), from_front(exclude, size))
            ]
            return items if isinstance(value, list) else tuple(items)
        return value


def left(key, include, exclude):
    """What is included and excluded within the value of `key`; nothing if it is left out."""
    without = chosen(exclude, key, "exclude")
    if without is True:
        return
    within = True if include is None else chosen(include, key, "include")
    if within is not None:
        yield None if within is True else within, without


def chosen(choice, key, name):
    """`True` if the whole value of `key` is chosen, what of it is, or `None`."""
    if choice is None:
        return None
    if isinstance(choice, Mapping):
        found = choice.get(key, choice.get(ALL))
        if found is ...:
            return True
        return None if found is False else found
    if isinstance(choice, Collection) and not isinstance(choice, str):
        return True if key in choice or ALL in choice else None
    raise TypeError(f"{name} is a set or a dict, not {choice!r:.100}")


def from_front(choice, size):
    """Places from the end of a list, which are negative, as places from its front."""

    def place(key):
        return key + size if isinstance(key, int) and key < 0 else key

    if isinstance(choice, Mapping):
        return {place(key): part for key, part in choice.items()}
    if isinstance(choice, Collection) and not isinstance(choice, str):
        return {place(key) for key in choice}
    return choice
