"""False-alarm rates, planted anomalies, and fields of work."""
