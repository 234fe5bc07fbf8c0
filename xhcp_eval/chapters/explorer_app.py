"""Widgets over the explorer: choose, slide, and see; the same in JupyterLab and VS Code.

Only standard ipywidgets, no script of our own. Without a frontend the view of the first choice is still shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xhcp_eval.chapters.explorer import MODELS, Choice, choices, look, regions
from xhcp_eval.chapters.kit.views import Section
from xhcp_eval.errors import XhcpError
from xhcp_eval.pack.pack import Pack

if TYPE_CHECKING:
    from ipywidgets import VBox

WIDE = {"description_width": "90px"}


class Explorer:
    """The app: `box` is what is displayed, `choice` what is chosen, `shown` the last view.

    pack: from `open_pack`. indicator: chosen at first; by default the first one at risk. Raises PlanError for an unknown one.
    """

    def __init__(self, pack: Pack, indicator: str = "") -> None:
        self.pack, self._known = pack, choices(pack)
        self.shown: Section | None = None
        self._busy = False
        self._make_controls(indicator)
        self._lay_out()
        self._redraw()

    def _make_controls(self, indicator: str) -> None:
        import ipywidgets as w

        pack = self.pack
        first = indicator or self._first()
        domain = self._known.set_index("indicator").loc[pack.plan.indicator(first).id, "domain_name"]
        until = pack.params.data_until
        self.domain = w.Dropdown(
            options=list(dict.fromkeys(self._known["domain_name"])),
            value=domain,
            description="领域",
            style=WIDE,
        )
        self.indicator = w.Dropdown(options=self._named(domain), value=first, description="指标", style=WIDE)
        self.region = w.Dropdown(options=regions(pack, first), description="地区", style=WIDE)
        self.model = w.Dropdown(
            options=[(name, key) for key, name in MODELS.items()], description="预测区间", style=WIDE
        )
        start = int(pack.observations["year"].min()) + 3
        self.until = w.IntSlider(
            value=until,
            min=min(start, until),
            max=until,
            description="数据截至",
            style=WIDE,
            continuous_update=False,
        )
        self.loose = w.Checkbox(
            value=pack.params.use_recollection, description="待核实的数也进入趋势", indent=False
        )
        self.what_if = w.Checkbox(value=False, description="假设每年变化", indent=False)
        self.pace = w.FloatSlider(
            value=0.0,
            min=-5.0,
            max=5.0,
            step=0.05,
            description="每年变化",
            style=WIDE,
            continuous_update=False,
        )
        self.code = w.HTML()
        self.out = w.Output()

    def _lay_out(self) -> None:
        import ipywidgets as w

        for widget in (self.region, self.model, self.until, self.loose, self.what_if, self.pace):
            widget.observe(self._redraw, "value")
        self.domain.observe(self._new_domain, "value")
        self.indicator.observe(self._new_indicator, "value")
        rows = (
            [self.domain, self.indicator, self.region],
            [self.model, self.until, self.loose],
            [self.what_if, self.pace],
        )
        self.box: VBox = w.VBox([*(w.HBox(row) for row in rows), self.out, self.code])

    @property
    def choice(self) -> Choice:
        """What the widgets say now."""
        pace = self.pace.value if self.what_if.value else None
        own = self.pack.region
        return Choice(
            self.indicator.value, "" if self.region.value == own else self.region.value,
            0 if self.until.value == self.pack.params.data_until else self.until.value, self.model.value, self.loose.value, "", pace,
        )  # fmt: skip

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.box)

    def _first(self) -> str:
        from xhcp_eval.chapters.kit.tables import AT_RISK, most_urgent_first, own_targets

        rows = own_targets(self.pack, True)
        risky = most_urgent_first(rows[rows["status"].isin(AT_RISK)])
        known = self._known[self._known["reported"]]["indicator"]
        risky = risky[risky["indicator"].isin(known)]
        return risky["indicator"].iloc[0] if len(risky) else known.iloc[0]

    def _named(self, domain: str) -> list[tuple[str, str]]:
        rows = self._known[self._known["domain_name"] == domain]
        return [
            (f"{r.name_}{'' if r.reported else '（没有数据）'}", r.indicator)
            for r in rows.rename(columns={"name": "name_"}).itertuples()
        ]

    def _new_domain(self, change) -> None:
        self.indicator.options = self._named(change["new"])

    def _new_indicator(self, change) -> None:
        if change["new"] is None:
            return
        self._busy = True  # one drawing for both changes
        self.region.options = regions(self.pack, change["new"])
        self._busy = False
        self._redraw()

    def _redraw(self, _=None) -> None:
        from html import escape

        from IPython.display import clear_output, display

        if self._busy or self.indicator.value is None:
            return
        choice = self.choice
        self.code.value = f"<p>写成代码：</p><pre>{escape(choice.as_code())}</pre>"
        with self.out:
            clear_output(wait=True)
            try:
                self.shown = look(self.pack, choice)
                display(self.shown)
            except XhcpError as error:
                self.shown = None
                print(error)


def explore(pack: Pack, indicator: str = "") -> Explorer:
    """Open the explorer on a pack. indicator: id to begin with; by default the one most at risk."""
    return Explorer(pack, indicator)
