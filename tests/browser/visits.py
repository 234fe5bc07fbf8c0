"""Which reports are under test, and a page of them opened without network."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTS = Path(os.environ.get("XHCP_REPORTS", ROOT / "reports")).resolve()
SHOTS = Path(os.environ.get("XHCP_SCREENSHOTS", REPORTS / ".browser")).resolve()


class Visit:
    """A page opened without network. asked: addresses it asked for. said: errors and warnings it raised."""

    def __init__(self, context) -> None:
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.said.append(m.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.route("**/*", self._meet)

    def _meet(self, route) -> None:
        self.asked.append(route.request.url)
        route.continue_() if route.request.url.startswith(("file:", "data:")) else route.abort()
