"""Names that are imported when they are asked for (PEP 562), so that a door costs
nothing to open; and what to install where a package is missing.
"""

import importlib

# the extra of pyproject.toml that brings each package; the others come with metaad
EXTRAS = {
    "torch": "torch",
    "skops": "skops",
    "matplotlib": "plots",
    "PIL": "plots",
    "IPython": "plots",
    "mlxtend": "course",
    "papermill": "course",
    "torchvision": "all",
    "pyarrow": "parquet",
    "typer": "cli",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "onnxscript": "onnx",
    "fastapi": "serve",
    "uvicorn": "serve",
    "dask": "cluster",
    "distributed": "cluster",
}


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
            return getattr(optional(f"{package}.{home[name]}"), name)
        if name in modules:
            return optional(f"{package}.{name}")
        raise AttributeError(f"{package} has no {name!r}; it has {', '.join(shown)}.")

    return shown, __getattr__, lambda: shown


def optional(module):
    """Import a module, `optional("mlxtend.data")`, and return it.

    Raises
    ------
    ModuleNotFoundError
        if it, or a package that it imports, is not installed; it says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing not in EXTRAS:
            raise
        raise ModuleNotFoundError(
            f"{module} needs {missing}, which is not installed here: "
            f"pip install 'metaad[{EXTRAS[missing]}]'",
            name=missing,
        ) from None
