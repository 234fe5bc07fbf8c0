"""Results show themselves in a notebook: the frame they can be had as, and their note."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROWS = 20


class ShowsFrame:
    """A result with `to_frame`; at most `ROWS` rows are shown, every text escaped."""

    def to_frame(self) -> pd.DataFrame:
        """The result as a table."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        note = getattr(self, "note", "") or getattr(self, "sentence", "")
        more = f"<p>……共 {len(frame)} 行，全部见 .to_frame()</p>" if len(frame) > ROWS else ""
        told = f"<p>{escape(str(note))}</p>" if note else ""
        return frame.head(ROWS).to_html(index=False, border=0, float_format="{:.4g}".format) + more + told
