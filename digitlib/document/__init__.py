"""From an image with numbers to its lines, their cuts, and the most probable digits.

Enters: an image, as `digitlib.imaging.loading` returns it. Leaves: lines of ink, all
ways to cut them, and the best of these. May import ``imaging``, `digitlib.model`,
`digitlib.preprocessing` and `digitlib.recognizer`; `digitlib.reading` puts it together.
"""
