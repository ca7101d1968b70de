"""All that is chosen or fitted: recipes, sweeps over them, thresholds, detectors.

Enters: data to learn from and to choose by. Leaves: weights files, results files, and
what they have to say of how they were made. May import every room but ``batch`` and
``plots``; nobody but the command line imports it.
"""
