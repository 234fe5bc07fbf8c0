"""Which reports are under test, and a page of them opened without network."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTS = Path(os.environ.get("XHCP_REPORTS", ROOT / "reports")).resolve()
SHOTS = Path(os.environ.get("XHCP_SCREENSHOTS", REPORTS / ".browser")).resolve()
SIGHTS = {"light": {}, "dark": {"dark": True}, "phone": {"width": 390}}
AXE = (ROOT / "tests" / "assets" / "axe" / "axe.min.js").read_text(encoding="utf-8")


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


def axe(page) -> list[str]:
    """Serious and critical findings of axe-core: rule, how often, the first place."""
    page.evaluate(AXE)
    return page.evaluate(
        """axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        .then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact))
            .map((v) => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`))"""
    )
