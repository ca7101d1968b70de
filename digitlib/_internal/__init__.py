"""Plumbing: checks of arguments, safe writing, the state of a run, worker processes,
small images in a terminal, a quiet TensorFlow.

Of digits it knows what images, labels and weights must look like, and nothing else. May
import nothing of digitlib but `digitlib.errors`.
"""
