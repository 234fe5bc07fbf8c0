"""Models of another package as trend models of ours: asked in a process of its own environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from xhcp_eval.forecast.panel import Panel

SCRIPT = Path(__file__).with_name("peer_statsforecast.py")


@dataclass
class Peer:
    """A model of statsforecast, callable as our trend models are.

    python: interpreter of an environment that has statsforecast. model: name of its class. jobs: processes.
    seconds: what its last forecast took, without start, reading and writing. version: of statsforecast.
    """

    python: Path
    model: str
    jobs: int = 1
    seconds: float = field(default=float("nan"), init=False)
    version: str = field(default="", init=False)

    def __call__(self, panel: Panel, horizon: int, levels: np.ndarray) -> np.ndarray:
        """Quantiles, (n_series, horizon, n_levels). Raises CalledProcessError when the other side fails."""
        row, column = np.nonzero(np.isfinite(panel.values))
        frame = pd.DataFrame({"series": row, "year": panel.years[column], "value": panel.values[row, column]})
        with tempfile.TemporaryDirectory() as folder:
            series, quantiles = Path(folder, "series.parquet"), Path(folder, "quantiles.parquet")
            frame.to_parquet(series, index=False)
            self._ask(series, quantiles, horizon, levels)
            found = pd.read_parquet(quantiles).sort_values(["series", "ahead"])
        return found[[str(float(level)) for level in levels]].to_numpy().reshape(-1, horizon, len(levels))

    def _ask(self, series: Path, quantiles: Path, horizon: int, levels: np.ndarray) -> None:
        command = [
            self.python,
            SCRIPT,
            self.model,
            series,
            quantiles,
            "--horizon",
            horizon,
            "--jobs",
            self.jobs,
        ]
        command += ["--levels", *(float(level) for level in levels)]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True)
        facts = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
        self.seconds, self.version = facts["seconds"], facts["version"]
