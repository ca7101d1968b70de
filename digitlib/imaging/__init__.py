"""From a file to ink on paper: paths, loading, a closer look, binarization, components.

Enters: an image in any form. Leaves: grey values or colours, float32 in [0, 1]; ink
told from paper; the connected components of ink. Imports nothing of digitlib but
`digitlib.errors` and ``digitlib._internal``.
"""
