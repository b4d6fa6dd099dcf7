"""Import the names of a package when they are first used (PEP 562)."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module


def late(package: str, home: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package whose names live in modules it does not import.

    Args:
        package: its ``__name__``.
        home: each module's name in it, with the names found there.
    """
    module_of = {name: module for module, names in home.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f".{module_of[name]}", package), name)
        setattr(sys.modules[package], name, found)  # later look-ups find it without __getattr__
        return found

    return __getattr__
