"""Material with known truth: pen strokes, writers, photographs, forms, negatives.

Enters: digits to write with, and a seed. Leaves: images, and what stands in them. May
import ``imaging`` and ``preprocessing`` only; nothing that recognises images imports
it.
"""
