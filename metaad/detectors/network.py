"""What every detector that holds a network shares: the scale of its columns, rows that
go through it in float64, and the checks of its parameters.
"""

import copy

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler

from metaad.detectors.parameters import check_choice
from metaad.train import resolve_device

LARGEST = 1e15  # a scaled value beyond this would overflow float32 inside the network
# a pixel of 1 that was computed in float32 may lie a hair above 1
ROUNDING = 1e-6
BLOCK = 8192  # rows scored at a time


def are_pixels(X):
    """Tell whether all values of an array or a tensor lie in [0, 1], but for rounding."""
    return bool(X.min() >= 0 and X.max() <= 1 + ROUNDING)


def column_scale(X, scale):
    """Return what is subtracted from the columns of X (n, d), and what they are divided
    by: float64 (d,) each; 0 and 1 where `scale` leaves the columns as they are.

    scale : "standard", None, or "auto", which leaves pixels as they are."""
    if scale == "standard" or (scale == "auto" and not are_pixels(X)):
        scaler = StandardScaler().fit(X)  # a constant column gets scale 1
        return scaler.mean_, scaler.scale_
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


def scaled(X, mean, scale):
    """Return the rows X (n, d) in the network's units: float64 (n, d)."""
    return np.clip((X - mean) / scale, -LARGEST, LARGEST)


def in_blocks(module, rows, device, function):
    """Return function(module, block) for blocks of the rows (n, ...), put together:
    float64 array (n, ...). All is computed in float64 where the device has it.
    """
    dtype = torch.float32 if device.type == "mps" else torch.float64
    module, found = copy.deepcopy(module).to(dtype), []
    with torch.no_grad():
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            block = torch.tensor(block, dtype=dtype, device=device)
            found.append(function(module, block).cpu())
    return torch.cat(found).double().numpy()


def check_scale_and_dtype(detector, dtypes):
    """Raise ValueError unless a detector's `scale` and `dtype` are known, and its device
    has that dtype.
    """
    check_choice("scale", detector.scale, ("auto", "standard", None))
    check_choice("dtype", detector.dtype, dtypes)
    mps = detector.dtype == "float64" and resolve_device(detector.device).type == "mps"
    if mps:
        raise ValueError(
            "MPS devices have no float64; use dtype='float32' or device='cpu'."
        )
