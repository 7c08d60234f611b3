"""Rare entities in text."""
