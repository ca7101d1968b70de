"""One style for all figures: for a light page, a dark page and print."""

from dataclasses import dataclass
import functools

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns


@dataclass(frozen=True)
class Style:
    """Colours and sizes, chosen for the book.

    Blue, orange, green and pink are of the palette of Okabe and Ito (2008), which
    people with colour blindness can tell apart.
    """

    paper: str = "#ffffff"  #: the ground of a figure, and the pen on a digit's ground
    ink: str = "#1b2a33"  #: of text, and the pen on the ground of a marked digit
    blue: str = "#0072b2"  #: what is shown first
    orange: str = "#d55e00"  #: what is shown second, or stands out
    green: str = "#009e73"  #: a third curve
    pink: str = "#cc79a7"  #: a fourth
    grey: str = "#8a949a"  #: what stands behind
    faint: str = "#e3e7ea"  #: the lines of a grid
    night: str = "#14323f"  #: the ground of a digit
    amber: str = "#f0a830"  #: the ground of a marked digit, and where nothing is
    width: float = 6.4  #: inches, of a figure in the text
    text: float = 11  #: points, of all words that are not smaller
    small: float = 10  #: points, of words within a figure
    smaller: float = 9.5  #: points, of those that stand close
    marks = property(lambda self: ((self.blue, "o"), (self.orange, "s")))

    def settings(self):
        """Return the same as settings of Matplotlib, for ``rcParams``."""
        four = [self.blue, self.orange, self.green, self.pink], ["-", "--", "-.", ":"]
        inked = "text.color", "axes.labelcolor", "xtick.color", "ytick.color"
        return {
            **sns.axes_style("whitegrid"),
            **dict.fromkeys(("figure.facecolor", "axes.facecolor"), self.paper),
            **dict.fromkeys(inked, self.ink),
            "axes.edgecolor": self.grey, "grid.color": self.faint,
            "axes.prop_cycle": plt.cycler(color=four[0], linestyle=four[1]),
            "axes.spines.top": False, "axes.spines.right": False,
            "font.size": self.text, "axes.titlesize": 11.5, "axes.labelsize": 11,
            "legend.fontsize": 10.5, "legend.frameon": False,
            "figure.dpi": 150, "figure.constrained_layout.use": True,
        }  # fmt: skip


STYLE = Style()


def styled(function):
    """Draw in the book's style, and leave the reader's own settings alone.

    Not ``plt.rc_context``: in a notebook, the first figure turns interactive mode on,
    which that context would turn off again, and later figures would not be shown.
    """

    @functools.wraps(function)
    def draw(*args, **kwargs):
        settings = STYLE.settings()
        before = {key: plt.rcParams[key] for key in settings}
        plt.rcParams.update(settings)
        try:
            return function(*args, **kwargs)
        finally:
            plt.rcParams.update(before)

    return draw


def figure(height, rows=1, columns=1, **options):
    """Start a figure as wide as the text, ``height`` inches high; return its Axes."""
    return plt.subplots(rows, columns, figsize=(STYLE.width, height), **options)[1]


def show(axes, picture):
    """Show a picture as it is: uint8 up to 255, others up to 1."""
    most = 255 if np.asarray(picture).dtype == np.uint8 else 1
    axes.imshow(picture, cmap="gray", vmin=0, vmax=most)


def no_ticks(axes):
    """Leave only the picture: no ticks, no grid."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)


def caption_style(marked):
    """How a caption is written: bold and orange if it is marked."""
    color, weight = (STYLE.orange, "bold") if marked else (STYLE.ink, "normal")
    return {"color": color, "weight": weight, "fontsize": STYLE.small}
