"""The learned forecaster: how real short series like this one went on, as predictive quantiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from xhcp_eval.forecast.counting import counting_variance
from xhcp_eval.forecast.panel import Panel
from xhcp_eval.forecast.reference import network
from xhcp_eval.forecast.reference.features import Histories, histories
from xhcp_eval.forecast.reference.peers import CHUNK, FEATURES, Company, peer_features
from xhcp_eval.forecast.reference.still import is_still, place

ARTEFACT = Path(__file__).with_name("model.npz")
FEWEST_PEERS = 2
TILE = 512  # rows that go through the networks at once: what the cache holds is quickest
THREADS = min(4, os.cpu_count() or 1)

# rows of a panel, (n,), and their histories -> features (m, FEATURES) of those m of them that have enough peers
PeersOf = Callable[[np.ndarray, Histories], np.ndarray]


@dataclass(frozen=True)
class Ensemble:
    """Networks of one kind. weights: six arrays, (n_networks, ...) each. mean, spread: (n_networks, n_features)
    of what each was trained on. fold: (n_networks,) part of the indicators that each has not seen. stretch: by how much
    quantiles are moved away from the median, as indicators that the networks never saw ask for.
    """

    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    spread: np.ndarray
    fold: np.ndarray
    stretch: float = 1.0

    def __len__(self) -> int:
        return len(self.fold)

    @property
    def years(self) -> int:
        """Longest horizon that the networks were trained for."""
        return self.weights[5].shape[1] // len(network.GRID)

    def unseen(self, fold: int) -> Ensemble:
        """Those networks that never saw a part of the indicators."""
        keep = self.fold == fold
        weights = tuple(w[keep] for w in self.weights)
        return Ensemble(weights, self.mean[keep], self.spread[keep], self.fold[keep], self.stretch)

    def predict(self, x: np.ndarray, years: int) -> np.ndarray:
        """Mean of the networks' quantiles, (n, years, len(GRID)), for features x (n, n_features).

        The same bits for a row whatever rows stand beside it, on every machine (`network.parts_exactly`).
        """
        total = np.empty((len(x), years, len(network.GRID)), np.float32)
        for start in range(0, len(x), TILE):
            total[start : start + TILE] = self._sums(x[start : start + TILE], years)
        steps = np.full(len(network.GRID), self.stretch / len(self), np.float32)
        steps[network.MIDDLE] = 1 / len(self)
        return network.assemble(total * steps)

    def _sums(self, x: np.ndarray, years: int) -> np.ndarray:
        total = np.zeros((), np.float32)
        held = None
        for k in range(len(self)):
            if held != self.fold[k]:
                # networks of one fold share the same standardisation
                standard, held = network.standardise(x, self.mean[k], self.spread[k]), self.fold[k]
                inputs = network.whole(standard)
            total = total + network.parts_exactly([w[k] for w in self._on_steps], inputs, years)
        return total

    @cached_property
    def _on_steps(self) -> network.Weights:
        return network.on_steps(list(self.weights))


@dataclass(frozen=True)
class ReferenceModel:
    """Forecasts from what real histories that moved alike did next; a trend model like those in `TREND_MODELS`.

    alone: networks for a series by itself. among: networks that also look at other regions of the same indicator.
    still: how histories that never moved went on, (n_folds + 1, ...) as in `still.learn`: without each part of the
    indicators, and from all. fold_of: indicator it learned from -> part of the data it belongs to.
    """

    alone: Ensemble
    among: Ensemble
    still: np.ndarray
    fold_of: dict[str, int]

    def __repr__(self) -> str:
        return f"<ReferenceModel learned on {len(self.fold_of)} indicators>"

    def __call__(
        self, panel: Panel, horizon: int, quantiles: np.ndarray, beside: Company | None = None
    ) -> np.ndarray:
        """Predictive quantiles of the level (counts known) or of the value (no counts), bounds not applied.

        panel: series on a grid of years; where `panel.indicator` names two series or more alike they learn from one
        another. horizon: years ahead; beyond the ten that were learned the median stays and the spread grows with
        the root of the years. quantiles: (n_quantiles,) levels; beyond 1% and 99% the tails go on in normal scores.
        beside: who each series learns from instead: from the series of its indicator there, if they are two or more,
        and from no other series of the panel, so that an answer depends on the series and on `beside` only. Codes of
        indicators are those of the panel that `beside` was made of.
        Returns (n_series, horizon, n_quantiles); a series of one point is missing.
        """
        from threadpoolctl import threadpool_limits

        spread = _between_levels(np.asarray(quantiles, float))
        result = np.empty((len(panel), horizon, len(spread[0])))
        years = min(horizon, self.alone.years)
        peers, grouped = self._peers(panel) if beside is None else _peers_beside(panel, beside)

        def answer(rows: np.ndarray) -> None:
            own = panel_histories(panel, rows)
            theirs = peers(rows, own)
            change = self._change(own.x, theirs, grouped[rows], years)
            change = _beyond(change, horizon)
            result[rows] = own.anchor[:, None, None] + own.scale[:, None, None] * (change @ spread)
            self._answer_still(panel, rows, result, spread)

        chunks = np.array_split(np.arange(len(panel)), -(-len(panel) // CHUNK))
        # numpy lets go of the interpreter, so threads share the work; chunks write to rows of their own. Matrix
        # products in threads of their own beside these would only fight for the cores.
        with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(answer, chunks))
        return result

    def without(self, indicator: str) -> ReferenceModel:
        """The model made of those networks that never saw an indicator, to be judged on it; itself if none did."""
        if indicator not in self.fold_of:
            return self
        fold = self.fold_of[indicator]
        return ReferenceModel(self.alone.unseen(fold), self.among.unseen(fold), self.still[[fold]], {})

    def _answer_still(self, panel: Panel, rows: np.ndarray, result: np.ndarray, spread: np.ndarray) -> None:
        """Series that never moved get what real ones like them did: a typical change of nothing scales nothing."""
        noise, _ = counting_variance(
            panel.values[rows], panel.numerator[rows], panel.denominator[rows], panel.upper[rows]
        )
        # where counts allow values to differ, their being equal tells little
        rows = rows[is_still(panel.values[rows]) & ~(noise > 0).any(axis=1)]
        if not len(rows):
            return
        last = panel.values[rows, panel.last[rows]]
        codes, span = place(last, panel.lower[rows], panel.upper[rows])
        # a rate of nothing has no size to measure a move by
        sized = span > 1e-6
        rows, last, codes, span = rows[sized], last[sized], codes[sized], span[sized]
        horizon = result.shape[1]
        change = _beyond(self.still[-1][:, : min(horizon, self.still.shape[2])], horizon)[codes]
        result[rows] = last[:, None, None] + span[:, None, None] * (change @ spread)

    def _change(self, own: np.ndarray, peers: np.ndarray, grouped: np.ndarray, years: int) -> np.ndarray:
        """Scaled change of some series, (n, years, len(GRID)), by the networks that suit each. peers: of those grouped."""
        if not grouped.any():
            return self.alone.predict(own, years)
        change = np.empty((len(own), years, len(network.GRID)), np.float32)
        change[~grouped] = self.alone.predict(own[~grouped], years)
        change[grouped] = self.among.predict(np.column_stack([own[grouped], peers]), years)
        return change

    def _peers(self, panel: Panel) -> tuple[PeersOf, np.ndarray]:
        """Peer features among the panel's own series, and which series have enough peers, (n,)."""
        if panel.indicator is None:
            return _nobody, np.zeros(len(panel), bool)
        enough = np.isfinite(panel.values).sum(axis=1) >= 2
        size = np.bincount(panel.indicator[enough], minlength=panel.indicator.max() + 1)
        grouped = enough & (size[panel.indicator] >= FEWEST_PEERS)
        if not grouped.any():
            return _nobody, grouped
        rows = np.flatnonzero(grouped)
        chunks = [panel_histories(panel, rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)]
        anchor, scale = (np.concatenate([getattr(c, name) for c in chunks]) for name in ("anchor", "scale"))
        group = np.unique(panel.indicator[rows], return_inverse=True)[1]
        found = peer_features(panel.values[rows], anchor, scale, panel.last[rows], group)
        peers = np.zeros((len(panel), found.shape[1]), np.float32)
        peers[rows] = found
        return lambda some, own: peers[some[grouped[some]]], grouped


def _nobody(rows: np.ndarray, own: Histories) -> np.ndarray:
    return np.empty((0, FEATURES), np.float32)


def _peers_beside(panel: Panel, beside: Company) -> tuple[PeersOf, np.ndarray]:
    """Peer features from a company, and which series have enough peers in it, (n,)."""
    if panel.indicator is None:
        return _nobody, np.zeros(len(panel), bool)
    grouped = np.isfinite(panel.values).sum(axis=1) >= 2
    grouped &= beside.peers(panel.indicator) >= FEWEST_PEERS

    def peers(rows: np.ndarray, own: Histories) -> np.ndarray:
        some = np.flatnonzero(grouped[rows])
        return beside.features(panel, rows[some], own.take(some)) if len(some) else _nobody(rows, own)

    return peers, grouped


def panel_histories(panel: Panel, rows: np.ndarray) -> Histories:
    """Features of some series of a panel, counting noise taken into account."""
    noise, _ = counting_variance(
        panel.values[rows], panel.numerator[rows], panel.denominator[rows], panel.upper[rows]
    )
    return histories(panel.values[rows], panel.lower[rows], panel.upper[rows], noise)


def _between_levels(quantiles: np.ndarray) -> np.ndarray:
    """Weights, (len(GRID), n_quantiles), that interpolate quantiles linearly in normal scores."""
    from scipy.special import ndtri

    knots, score = ndtri(network.GRID), ndtri(quantiles)
    right = np.clip(np.searchsorted(knots, score - 1e-9), 1, len(knots) - 1)
    share = (score - knots[right - 1]) / (knots[right] - knots[right - 1])
    weights = np.zeros((len(knots), len(score)))
    weights[right, np.arange(len(score))] = share
    weights[right - 1, np.arange(len(score))] = 1 - share
    return weights


def _beyond(change: np.ndarray, horizon: int) -> np.ndarray:
    """Go on after the last learned year: the median stays, the spread grows with the root of the years."""
    learned = change.shape[1]
    if horizon <= learned:
        return change
    last = change[:, -1:]
    middle = last[..., network.MIDDLE, None]
    growth = np.sqrt(np.arange(learned + 1, horizon + 1) / learned)[:, None]
    return np.concatenate([change, middle + (last - middle) * growth], axis=1)


def load_model(path: Path = ARTEFACT) -> ReferenceModel:
    """Read a trained model (written by `training.save_model`)."""
    with np.load(path, allow_pickle=False) as stored:
        fold_of = dict(zip(stored["indicators"].tolist(), stored["folds"].tolist(), strict=True))
        kinds = []
        for kind in ("alone", "among"):
            weights = tuple(stored[f"{kind}_{i}"].astype(np.float32) for i in range(6))
            mean, spread, fold = (stored[f"{kind}_{name}"] for name in ("mean", "spread", "fold"))
            kinds.append(Ensemble(weights, mean, spread, fold, float(stored[f"{kind}_stretch"])))
        still = stored["still"].astype(float)
    alone, among = kinds
    return ReferenceModel(alone, among, still, fold_of)


@lru_cache(maxsize=1)
def reference_model() -> ReferenceModel:
    """The model that comes with the package, read once."""
    return load_model()
