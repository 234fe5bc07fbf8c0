"""How things look: the Chinese font, colours that colour-blind readers tell apart, symbols of statuses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xhcp_eval.verdict.status import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ASSETS = Path(__file__).resolve().parent / "assets"
FONT_FILE = ASSETS / "fonts" / "XHCPSansSC-Regular.otf"
FONT_FAMILY = "XHCP Sans SC"
# Name under which a page embeds glyphs of DejaVu Sans, which comes with matplotlib.
SYMBOL_FAMILY = "XHCP Symbols"

# Okabe and Ito (2008), "Color Universal Design": eight colours that all readers can tell apart.
PALETTE: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5B6470")
HISTORY = "#1F2A37"
FORECAST = "#0072B2"
TARGET = "#D55E00"
ACCENT = "#009E73"
NATION = "#8C5A9E"
MUTED = "#6B7280"
LEVEL_COLOURS: dict[str, str] = {"district": TARGET, "province": "#B07D00", "national": NATION}

WIDTH, HEIGHT = 7.6, 3.9  # inches: the text column of an A4 page, in about two to one
DPI = 150


@dataclass(frozen=True)
class Look:
    """How a status is shown: symbol beside the word, colour of a bar, ink upon that colour, CSS class."""

    symbol: str
    colour: str
    ink: str
    css: str


STATUS_STYLE: dict[str, Look] = {
    Status.MET: Look("●", "#00695C", "white", "met"),
    Status.LIKELY: Look("◕", "#4FA3D1", "black", "likely"),
    Status.AT_RISK: Look("◑", "#F0B429", "black", "at-risk"),
    Status.UNLIKELY: Look("○", "#D55E00", "black", "unlikely"),
    Status.MISSED: Look("✕", "#8E1B2B", "white", "missed"),
    Status.UNDECIDABLE: Look("？", "#9AA5B1", "black", "undecidable"),
    Status.DISPUTED: Look("⚖", "#B58BC9", "black", "disputed"),
    Status.NO_DATA: Look("－", "#D3D9E0", "black", "no-data"),
    Status.NOT_JUDGED: Look("◇", "#E8ECF1", "black", "not-judged"),
}


def symbol_font_file() -> Path:
    """DejaVu Sans as shipped with matplotlib: it has the symbols that Chinese fonts lack."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@cache
def use_style() -> None:
    """Register the Chinese font and set seaborn's theme for this process; later calls cost nothing."""
    import seaborn
    from matplotlib import font_manager

    if not any(font.name == FONT_FAMILY for font in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(FONT_FILE)
    seaborn.set_theme(context="notebook", style="whitegrid", palette=list(PALETTE), font_scale=0.8, rc=_rc())


def _rc() -> dict[str, object]:
    return {
        "font.family": [FONT_FAMILY, "DejaVu Sans"],
        "axes.unicode_minus": True,
        "axes.edgecolor": "#9AA5B1",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlepad": 10,
        "grid.color": "#E3E8EE",
        "grid.linewidth": 0.7,
        "text.color": HISTORY,
        "axes.labelcolor": HISTORY,
        "figure.dpi": 100,
        # names and notes come from data: $x$ is what somebody typed, never a formula
        "text.parse_math": False,
    }


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes in the house style.

    width, height: inches. The figure is unknown to pyplot, so that nothing shows it twice or keeps it alive.
    """
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()
