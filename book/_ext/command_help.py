"""The directive `command-help`: what `digitlib --help` prints, while building.

With an argument, such as `recognize`, it is the help of that command. The text
comes from the parser itself, so that it can never differ from the program.
"""

from contextlib import redirect_stdout, suppress
from io import StringIO
import os
from unittest.mock import patch

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def help_of(*command):
    """Return what the command line prints for ``digitlib COMMAND --help``."""
    from digitlib.__main__ import main

    printed = StringIO()
    narrow = patch.dict(os.environ, COLUMNS="72")  # as wide as a page's text
    with redirect_stdout(printed), narrow, suppress(SystemExit):
        main([*command, "--help"])
    return printed.getvalue()


class CommandHelp(SphinxDirective):
    """Show the help of one command, or of the program."""

    optional_arguments = 1

    def run(self):
        """Return one block of text."""
        text = help_of(*self.arguments)
        return [nodes.literal_block(text, text, language="text")]


def setup(app):
    """Register the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
