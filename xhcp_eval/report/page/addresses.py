"""Whether a page is self-contained: the addresses in it that lead outside its own folder."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Whatever may be an address and doesn't plainly stay inside ("#place", "data:…"); finds too much rather than too little.
_DOUBTFUL = re.compile(
    r"""(?:src|href|poster|data|action|formaction|background|ping)\s*+=\s*+["']?+\s*+(?!\#|data:)"""
    r"""|url\(\s*+["']?+\s*+(?!\#|data:)|@import|srcset|url=""",
    re.IGNORECASE,
)


def external_urls(html: str) -> list[str]:
    """Addresses that a page would load or lead to outside its own folder, in the order found.

    html: a whole page. Addresses that are merely printed as text don't count.
    """
    if not _DOUBTFUL.search(html):  # reading HTML takes ten times as long
        return []
    reader = _Addresses()
    reader.feed(html)
    reader.close()
    return reader.found


class _Addresses(HTMLParser):
    """Collects addresses from attributes, style sheets and refreshes."""

    _ATTRIBUTES = frozenset(
        (
            "src",
            "href",
            "srcset",
            "poster",
            "data",
            "action",
            "formaction",
            "background",
            "ping",
            "xlink:href",
        )
    )
    _IN_STYLE = re.compile(r"""url\(\s*['"]?([^'")]*)|@import\s+['"]([^'"]*)""", re.IGNORECASE)
    # a drive letter is no scheme, but leads out of the folder as well
    _OUTSIDE = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//|\\\\|/|\.\.)", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            if name in self._ATTRIBUTES:
                for address in (value or "").split(",") if name == "srcset" else [value or ""]:
                    self._look(address)
            elif name == "style":
                self._look_in_style(value or "")
            elif name == "content" and "url=" in (value or "").lower():
                self._look(re.split("url=", value or "", flags=re.IGNORECASE)[1])

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if self._style:
            self._look_in_style(data)

    def _look_in_style(self, text: str) -> None:
        for one, other in self._IN_STYLE.findall(text):
            self._look(one or other)

    def _look(self, address: str) -> None:
        inside = address.strip().lower().startswith("data:") or not self._OUTSIDE.match(address)
        if not inside:
            self.found.append(address.strip()[:200])
