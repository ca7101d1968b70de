"""One small network that reads handwritten digits: trained, judged and used.

Every idea has its module, and every import names it:

>>> from digitlib.data import load_mnist
>>> from digitlib.recognizer import Recognizer

Importing ``digitlib`` itself imports nothing else.
"""
