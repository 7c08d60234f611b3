"""One-class and few-shot detection on images, and networks for it."""
