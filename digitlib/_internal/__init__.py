"""Plumbing: checks of arguments, safe writing, worker processes, a quiet TensorFlow.

Nothing in here knows of digits. May import nothing of digitlib but `digitlib.errors`.
"""
