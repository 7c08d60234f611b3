"""Hyperparameters chosen over tables: the matrix, ways to choose, the test on
families held out.
"""
