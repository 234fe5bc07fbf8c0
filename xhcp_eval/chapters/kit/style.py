"""How things look, in one place: font and size of letters, what each colour means by light and in the dark, looks of statuses.

Numbers are written by `plan.units` (as reported) and `chapters.wording.values` (rounded for readers).
"""

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

# One meaning, one colour. Statuses have the colours of `STATUS_STYLE` and nothing else has them.
HISTORY = "#1F2A37"  # figures as they were reported, and letters
FORECAST = "#5B4DB2"  # what is ahead
FORECAST_FAR, FORECAST_NEAR = "#E3E0F5", "#C3BCE8"  # where 95 and 80 of 100 futures lie
TARGET = "#0A0A0A"  # always DASHES, and always with a word beside them
DASHES = (4.0, 2.5)  # dash and gap of a target's line, points
SHORT = "#A3161F"  # words for places that are short of a target
MUTED = "#5F6B7A"  # what stands beside for comparison, and notes
FAINT = "#D5DCE4"  # axes, grids and tracks
PAPER = "#FFFFFF"
# Shades of the neutral for parts of a whole that are no status (scores 0 to 4), told apart in grey print.
ORDINAL: tuple[str, ...] = ("#F1F3F6", "#CBD3DC", "#97A3B1", "#5E6A79", "#1E2936")
# Lines that are told apart by more than colour: colour, dashes and marker by rank; the first is our own.
LINES: tuple[tuple[str, str, str], ...] = (
    (FORECAST, "-", "o"), (HISTORY, "--", "s"), (MUTED, "-.", "^"), ("#97A3B1", ":", "D"),
    (HISTORY, ":", "v"), (MUTED, "-", "x"),
)  # fmt: skip
PALETTE: tuple[str, ...] = tuple(colour for colour, _, _ in LINES[:4])
# The same meanings on a dark page. Colours of statuses stay: they are fields with ink of their own.
DARK: dict[str, str] = {
    HISTORY: "#E4E9EF", FORECAST: "#B3A6F5", FORECAST_FAR: "#2A2848", FORECAST_NEAR: "#443E78", TARGET: "#FFFFFE",
    SHORT: "#FF9B9B", MUTED: "#A9B4C0", FAINT: "#364352", PAPER: "#11181F",
}  # fmt: skip

TYPE = 9.0  # points: 12 pixels on a screen, and the least that print may have
COLUMN = 86 / 25.4  # inches: two beside each other on A4, one on a telephone
WIDTH, HEIGHT = 174 / 25.4, 3.4  # inches: the text column of an A4 page, in about two to one
DPI = 150


@dataclass(frozen=True)
class Look:
    """How a status is shown: symbol beside the word, colour of a bar, ink upon that colour, CSS class."""

    symbol: str
    colour: str
    ink: str
    css: str


STATUS_STYLE: dict[str, Look] = {
    Status.MET: Look("●", "#00796B", "white", "met"),
    Status.LIKELY: Look("◕", "#4FA3D1", "black", "likely"),
    Status.AT_RISK: Look("◑", "#F0B429", "black", "at-risk"),
    Status.UNLIKELY: Look("○", "#D55E00", "black", "unlikely"),
    Status.MISSED: Look("✕", "#7A1230", "white", "missed"),
    Status.UNDECIDABLE: Look("？", "#9AA5B1", "black", "undecidable"),
    Status.DISPUTED: Look("⚖", "#A08050", "black", "disputed"),
    Status.NO_DATA: Look("－", "#D3D9E0", "black", "no-data"),
    Status.NOT_JUDGED: Look("◇", "#E8ECF1", "black", "not-judged"),
}


# Elements whose white is ink upon a colour, not paper.
_PAINTED = ("fill", "stroke")


def dark_css() -> str:
    """Rules that draw a page's figures in the colours of `DARK`, as text for a <style>: where the system is dark, and where the
    reader has chosen so. Drawings name their colours in attributes (drawn directly) or in styles (matplotlib's).
    """
    rules = [_dark_rule(light, dark, paint) for light, dark in DARK.items() for paint in _PAINTED]
    chosen = "\n".join(rule.format(root=':root[data-theme="dark"]') for rule in rules)
    system = "\n".join(rule.format(root=':root:not([data-theme="light"])') for rule in rules)
    return (
        f"@media screen {{\n{chosen}\n}}\n@media screen and (prefers-color-scheme: dark) {{\n{system}\n}}\n"
    )


def _dark_rule(light: str, dark: str, paint: str) -> str:
    # white letters are ink upon a status's colour and stay white; only their rims are paper
    tag = ":not(text)" if light == PAPER and paint == "fill" else ""
    places = f'{{root}} svg {tag}[{paint}="{light}"], {{root}} svg {tag}[style*="{paint}: {light.lower()}"]'
    return f"{places} {{{{ {paint}: {dark} !important; }}}}"


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
    seaborn.set_theme(context="notebook", style="whitegrid", palette=list(PALETTE), rc=_rc())


def _rc() -> dict[str, object]:
    sizes = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize",
             "legend.fontsize", "legend.title_fontsize")  # fmt: skip
    return dict.fromkeys(sizes, TYPE) | {
        "font.family": [FONT_FAMILY, "DejaVu Sans"],
        "axes.unicode_minus": True,
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlepad": 8,
        "axes.titlelocation": "left",
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.4,
        "text.color": HISTORY,
        "axes.labelcolor": HISTORY,
        "xtick.color": HISTORY,
        "ytick.color": HISTORY,
        "legend.frameon": False,
        "figure.dpi": 100,
        "mathtext.fontset": "dejavusans",
    }


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes in the house style.

    width, height: inches. The figure is unknown to pyplot, so that nothing shows it twice or keeps it alive.
    """
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()
