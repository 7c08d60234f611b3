"""Names that are imported when they are asked for (PEP 562), so that a door costs
nothing to open.
"""

import importlib


def attach(package, rooms):
    """Make `__all__`, `__getattr__` and `__dir__` of a package from {module: names that
    it offers}.

    A name is looked up in its module the first time that someone asks the package for
    it. The modules themselves are attributes too."""
    home = {name: module for module, names in rooms.items() for name in names}
    modules = {module for module in rooms if "." not in module}
    shown = sorted(home.keys() | modules)

    def __getattr__(name):
        if name in home:
            return getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"{package} has no {name!r}; it has {', '.join(shown)}.")

    return shown, __getattr__, lambda: shown
