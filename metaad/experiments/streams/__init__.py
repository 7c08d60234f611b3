"""Streams whose normal class changes."""
