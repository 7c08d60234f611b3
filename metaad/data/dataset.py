"""Rows as PyTorch wants them."""

import torch

from metaad.data.records import DataError


class AnomalyDataset(torch.utils.data.Dataset):
    """Rows as PyTorch wants them, one at a time: for a DataLoader and for random
    transforms.

    A transform is applied to a row each time the row is asked for, so a random one
    differs from epoch to epoch. The price is a Python call a row. Where nothing is
    random, apply the transform once and keep all rows as one tensor on the device, as
    metaad's training loop does: a batch is then one indexing operation.

    Parameters
    ----------
    X : array or tensor (n, ...), finite. Held in torch's default floating-point type.
    y : array or tensor (n,) of integers, optional.
    transform : callable, optional. Takes and returns a tensor of one row's shape;
        applied to X, never to y.

    Items
    -----
    x, or (x, y) if there are labels: tensors (...) and ().
    """

    def __init__(self, X, y=None, transform=None):
        X = torch.as_tensor(X, dtype=torch.get_default_dtype())
        if X.ndim < 2 or X.numel() == 0:
            raise DataError(
                f"AnomalyDataset needs rows, (n, d) or (n, height, width); got shape "
                f"{tuple(X.shape)}."
            )
        if not torch.isfinite(X).all():
            raise DataError(
                "AnomalyDataset needs finite values; X holds NaN or inf. Fill or drop "
                "those rows first."
            )
        if y is not None:
            y = torch.as_tensor(y, dtype=torch.int64)
            if y.shape != X.shape[:1]:
                raise DataError(
                    f"AnomalyDataset needs a label for each of {len(X)} rows; got "
                    f"shape {tuple(y.shape)}."
                )
        if transform is not None and not callable(transform):
            raise DataError(
                f"transform must be callable (a function of one row), got "
                f"{type(transform).__name__}."
            )
        self.X, self.y, self.transform = X, y, transform

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        x = self.X[i] if self.transform is None else self.transform(self.X[i])
        return x if self.y is None else (x, self.y[i])
