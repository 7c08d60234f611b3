"""Networks: each layer by its name, its settings and its weights.

Only layers of LAYERS are saved and made. A layer is made without memory (on torch's
meta device) from its settings, and takes a weight only if the shapes agree; so a file
can't ask for more memory than it brings.
"""

import importlib

import torch
from torch import nn

# a layer's name: the attributes that its constructor takes back
LAYERS = {
    "Linear": ("in_features", "out_features"),
    "Conv2d": (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    ),
    "BatchNorm1d": ("num_features", "eps", "momentum", "affine"),
    "BatchNorm2d": ("num_features", "eps", "momentum", "affine"),
    "LayerNorm": ("normalized_shape", "eps"),
    "Dropout": ("p",),
    "Flatten": ("start_dim", "end_dim"),
    "Unflatten": ("dim", "unflattened_size"),
    "LeakyReLU": ("negative_slope",),
    **dict.fromkeys(("ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "Identity"), ()),
}
# these hold other modules or weights by name, and nothing else
CONTAINERS = (
    "Sequential",
    "ModuleDict",
    "ModuleList",
    "ParameterDict",
    "ParameterList",
)
# networks of the package: made as containers, but of their own class
OWN = {
    "MLP": "metaad.nets",
    "Autoencoder": "metaad.nets",
    "ConvNet": "metaad.nets",
    "Generator": "metaad.nets",
    "Critic": "metaad.nets",
    "Proposer": "metaad.meta.proposals",
    "Mixer": "metaad.meta.proposals",
}
# networks of the package with settings of their own
SET = {"CategoricalPolicy": ("metaad.search.policies.policy", ("options", "n_context"))}


def _class(name):
    if name in LAYERS or name in CONTAINERS:
        return getattr(nn, name)
    if name in OWN:
        return getattr(importlib.import_module(OWN[name]), name)
    if name in SET:
        return getattr(importlib.import_module(SET[name][0]), name)
    raise ValueError(f"{name!r} is no layer that can be made from a file")


def _settings(name):
    return LAYERS.get(name) or (SET[name][1] if name in SET else ())


def state(module, arrays):
    """Return a network as JSON; its weights move to `arrays`.

    Raises
    ------
    TypeError
        for a layer that LAYERS does not list.
    """
    name = type(module).__name__
    known = name in {*LAYERS, *CONTAINERS, *OWN, *SET}
    if not known or _class(name) is not type(module):
        raise TypeError(
            f"a network is saved if it is made of layers that metaad.saving.nets "
            f"lists ({', '.join(LAYERS)}) and of metaad.nets; got {type(module)}. "
            f"Build it from those, or keep its state_dict."
        )
    settings = {n: getattr(module, n) for n in _settings(name)}
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        settings["bias"] = module.bias is not None
    weights = {**module._parameters, **module._buffers}
    return {
        "layer": name,
        "settings": {n: _plain(v) for n, v in settings.items()},
        "training": module.training,
        "weights": [
            [n, v if v is None else tensor_state(v, arrays)] for n, v in weights.items()
        ],
        "children": [[n, state(m, arrays)] for n, m in module.named_children()],
    }


def made(content, arrays, device):
    """Return the network of a file, on `device`. Raises ValueError, TypeError or
    RuntimeError for settings that mean nothing and for weights that do not fit.
    """
    name = content["layer"]
    cls = _class(name)
    settings = {n: _tuples(v) for n, v in content["settings"].items()}
    expected = set(_settings(name)) | (
        {"bias"} if name in ("Linear", "Conv2d") else set()
    )
    if set(settings) != expected:
        raise ValueError(f"{name} needs the settings {sorted(expected)}")
    free = name in CONTAINERS or name in OWN
    with torch.device("meta"):
        module = cls.__new__(cls) if name in OWN else cls(**settings)
        if name in OWN:
            nn.Module.__init__(module)
    for child, inner in content["children"]:
        if not free:
            raise ValueError(f"{name} has no layers inside")
        module.add_module(child, made(inner, arrays, device))
    _fill(module, name, dict(content["weights"]), arrays, device)
    module.training = bool(content["training"])
    return module


def _fill(module, name, weights, arrays, device):
    expected = {**module._parameters, **module._buffers}
    holds = name in ("ParameterDict", "ParameterList")
    if not holds and set(weights) != set(expected):
        raise ValueError(
            f"{name} needs the weights {sorted(expected)}, got {sorted(weights)}"
        )
    for key, kept in weights.items():
        value = None if kept is None else tensor(kept["tensor"], arrays, device)
        shape = None if value is None else value.shape
        if (
            value is not None
            and value.is_floating_point()
            and not value.isfinite().all()
        ):
            raise ValueError(f"a weight of {name} is not a finite number")
        if holds:
            module.register_parameter(key, nn.Parameter(value))
        elif getattr(expected[key], "shape", None) != shape:
            raise ValueError(
                f"{key} of {name} must have the shape "
                f"{getattr(expected[key], 'shape', None)}, got {shape}"
            )
        elif key in module._buffers:
            module._buffers[key] = value
        elif value is not None:
            module._parameters[key] = nn.Parameter(value)
    if name == "ParameterList":
        module._size = len(weights)
    if name == "ParameterDict":
        module._keys = dict.fromkeys(weights)


def tensor_state(value, arrays):
    """Return a tensor as JSON. Images may lie channels last; sums then come out in
    another order, so that is kept too.
    """
    if value.dtype in (torch.bfloat16, torch.complex64, torch.complex128):
        raise TypeError(f"tensors of NumPy's types are saved, got {value.dtype}.")
    name = str(len(arrays))
    arrays[name] = value.detach().cpu().numpy()
    last = value.ndim == 4 and not value.is_contiguous()
    last = last and value.is_contiguous(memory_format=torch.channels_last)
    return {"tensor": [name, "last"] if last else [name]}


def tensor(content, arrays, device):
    """Return the tensor of a file, on `device`."""
    found = torch.from_numpy(arrays[content[0]].copy()).to(device)
    return found.to(memory_format=torch.channels_last) if content[1:] else found


def _plain(value):
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


def _tuples(value):
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


MAKERS = {
    "net": made,
    "tensor": tensor,
    "device": lambda _, arrays, device: torch.device(device),
}
