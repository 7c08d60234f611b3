"""Smaller images: the mean of each block of pixels."""


def pooled(images, width):
    """Average square blocks of pixels.

    images : array (n, h, w). width : int, side of a block; it divides h and w.

    Returns array (n, h / width, w / width), values between those of the block.
    """
    n, h, w = images.shape
    blocks = images.reshape(n, h // width, width, w // width, width)
    return blocks.mean(axis=(2, 4))
