"""Many files: read once each, stored at once, and what is unsure shown to a person.

Enters: paths, and where to write. Leaves: records in a store that survives a killed
run, a table of them, and a folder to review. May import `digitlib.reading`, ``model``,
``recognizer``, ``imaging`` and ``_internal``; only the command line imports it.
"""
