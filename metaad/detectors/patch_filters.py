"""Features of images that are learned from the images themselves, without labels and
without gradients: the principal components of their small patches.
"""

import numpy as np

from metaad.detectors.image_features import ImageTransformer, pooled

BLOCK = 500  # images whose patches are in memory at a time
FAINT = 0.1  # patches of less contrast than this share of the most are not learned from


class PatchFilters(ImageTransformer):
    """Principal components of patches as filters, pooled over cells as HOG pools its
    edges [1].

    Learned from the images given to `fit`: each patch of `size` × `size` pixels, minus
    its mean and divided by its length, is a row; the `n_filters` directions in which
    these rows lie most, u, are the filters. On images of strokes they come out as edges
    and lines of a few directions. The features: at every pixel max(0, uᵀp) and
    max(0, -uᵀp) of the patch p around it, summed over cells of `cell` × `cell` pixels;
    blocks of `block` × `block` cells are divided by their own length.

    Parameters
    ----------
    size : int ≥ 2, pixels along a side of a patch.
    n_filters : int ≥ 1, below size².
    cell, block : int, see `HOG`.

    Attributes
    ----------
    filters_ : float64 (n_filters, size²), of length 1 and orthogonal, the one with the
        largest share first; the sum of each is 0, its largest entry positive.
    side_ : int, height and width of the images.

    Notes
    -----
    Features lie in [0, 1]; there are (s / cell - block + 1)² · block² · 2 n_filters.
    Beyond the border of an image lies paper, 0.

    References
    ----------
    [1] Chan, Jia, Gao, Lu, Zeng, Ma: PCANet: a simple deep learning baseline for image
        classification? IEEE Transactions on Image Processing 24, 2015 (the same
        filters; it pools binary codes).
    """

    def __init__(self, size=5, n_filters=6, cell=7, block=2):
        self.size = size
        self.n_filters = n_filters
        self.cell = cell
        self.block = block

    def _check_parameters(self):
        super()._check_parameters()
        if not 2 <= self.size <= self.side_:
            raise ValueError(
                f"size must lie between 2 and the image's side, {self.side_}; got "
                f"{self.size!r}."
            )
        if not 1 <= self.n_filters < self.size**2:
            raise ValueError(
                f"n_filters must lie between 1 and {self.size**2 - 1}, one less than a "
                f"patch has pixels; got {self.n_filters!r}."
            )

    def _learn(self, images):
        total = np.zeros((self.size**2, self.size**2))
        most = max(self._contrasts(b)[1].max() for b in _blocks(images))
        for block in _blocks(images):
            patches, length = self._contrasts(block)
            clear = length > FAINT * most
            rows = (patches[clear] / length[clear, None]).astype(np.float64)
            total += rows.T @ rows
        directions = np.linalg.eigh(total)[1].T[::-1][: self.n_filters]
        largest = np.abs(directions).argmax(axis=1)[:, None]
        self.filters_ = directions * np.sign(
            np.take_along_axis(directions, largest, axis=1)
        )

    def _contrasts(self, images):
        """All patches minus their means, (m, size²), and their lengths (m,)."""
        patches = self._patches(images)
        patches = patches - patches.mean(axis=1, keepdims=True)
        return patches, np.linalg.norm(patches, axis=1)

    def _patches(self, images):
        """The patch around every pixel of images (n, s, s): array (n s², size²)."""
        before = self.size // 2
        around = (before, self.size - 1 - before)
        padded = np.pad(images, ((0, 0), around, around))
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, (self.size, self.size), axis=(1, 2)
        )
        return windows.reshape(-1, self.size**2)

    def _image_features(self, images):
        cells = []
        both = np.concatenate([self.filters_, -self.filters_]).astype(images.dtype)
        for block in _blocks(images):
            answers = np.maximum(self._patches(block) @ both.T, 0)
            cells.append(self._summed(answers.reshape(*block.shape, -1)))
        return pooled(np.concatenate(cells), self.block)


def _blocks(images):
    return (images[i : i + BLOCK] for i in range(0, len(images), BLOCK))
