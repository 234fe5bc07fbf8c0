"""A small neural network in plain numpy: features in, quantiles of the scaled change out, all years at once.

Two hidden layers; for each year the output is the median and positive steps away from it (softplus), so quantiles
can't cross. Trained by Adam on the pinball loss. Sources: Koenker & Bassett 1978, Econometrica 46:33 (pinball
loss); Kingma & Ba 2015 (Adam); He et al. 2015 (rectifiers and their start); Srivastava et al. 2014, JMLR 15:1929 (dropout); Cannon 2018, Stochastic
Environmental Research and Risk Assessment 32:3207 (quantiles that can't cross).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

GRID = np.array([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99])
MIDDLE = len(GRID) // 2
BATCH = 1024
WARM_STEPS = 200
FARTHEST_FEATURE = 4.0
# Binary digits after the point that `parts_exactly` keeps of inputs and of weights.
INPUT_DIGITS, WEIGHT_DIGITS = 14, 18

Weights = list[np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: width of both hidden layers, passes over the cases, Adam's rate, decay, dropout."""

    hidden: int = 192
    epochs: int = 6
    rate: float = 0.004
    decay: float = 0.1
    dropout: float = 0.1


DEFAULT = Recipe()


def standardise(x: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Features (n, f) to mean 0 and spread 1 as float32, cut at ±4 so that nothing unheard-of takes over."""
    return np.clip((x - mean) / spread, -FARTHEST_FEATURE, FARTHEST_FEATURE).astype(np.float32)


def parts(weights: Weights, x: np.ndarray, years: int) -> np.ndarray:
    """Medians and the steps between neighbouring quantiles, (n, years, len(GRID)), the median in the middle.

    weights: w1, b1, w2, b2, w3, b3. x: (n, n_features) standardised. years: no more than trained for. Means of parts
    are the parts of mean quantiles, so that an ensemble is averaged before `assemble`.
    """
    w1, b1, w2, b2, w3, b3 = weights
    outputs = years * len(GRID)
    hidden = _relu(_relu(x @ w1 + b1) @ w2 + b2)
    return _steps((hidden @ w3[:, :outputs] + b3[:outputs]).reshape(len(x), years, len(GRID)))


def parts_exactly(weights: Weights, x: np.ndarray, years: int) -> np.ndarray:
    """`parts`, such that a row's answer has the same bits whatever rows stand beside it and however many years are asked.

    weights: from `on_steps`. x: standardised features from `whole`. A matrix product rounds differently with the number of
    rows, since it goes by blocks. Inputs and weights are whole multiples of steps here, so small (6e-5 of a feature's spread)
    and of sums so small that double precision holds every one of them: then no order of summing can matter. Holds while a
    layer's sums stay below 2^21, far beyond trained networks.
    """
    w1, b1, w2, b2, w3, b3 = weights
    outputs = years * len(GRID)
    hidden = _whole_layer(_whole_layer(x, w1, b1), w2, b2)
    found = hidden @ w3[:, :outputs]
    found += b3[:outputs]
    return _steps(found.astype(np.float32).reshape(len(x), years, len(GRID)))


def on_steps(weights: Weights) -> Weights:
    """Weights on steps of 2^-`WEIGHT_DIGITS` in double precision, those of the last layer for inputs from `whole`."""
    w1, b1, w2, b2, w3, b3 = (
        np.rint(np.asarray(w, float) * 2.0**WEIGHT_DIGITS) / 2.0**WEIGHT_DIGITS for w in weights
    )
    unit = 2.0**INPUT_DIGITS
    return [w1, b1 * unit, w2, b2 * unit, w3 / unit, b3]


def whole(x: np.ndarray) -> np.ndarray:
    """Standardised features as whole numbers of steps of 2^-`INPUT_DIGITS`, in double precision."""
    return np.rint(np.asarray(x, float) * 2.0**INPUT_DIGITS)


def _whole_layer(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """What a hidden layer passes on, rounded to whole steps again."""
    found = x @ weight
    found += bias
    np.maximum(found, 0, out=found)
    return np.rint(found, out=found)


def assemble(parts: np.ndarray) -> np.ndarray:
    """Quantiles (n, years, len(GRID)) of the change over 1..years in scale units, rising with the level."""
    middle = parts[..., MIDDLE, None]
    above = middle + np.cumsum(parts[..., MIDDLE + 1 :], axis=-1)
    below = middle - np.cumsum(parts[..., MIDDLE - 1 :: -1], axis=-1)[..., ::-1]
    growth = np.sqrt(np.arange(1, parts.shape[1] + 1, dtype=parts.dtype))[:, None]
    return np.concatenate([below, middle, above], axis=-1) * growth


def train(
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    recipe: Recipe,
    seed: int,
    watch: Callable[[float], None] | None = None,
) -> Weights:
    """Fit one network.

    x: (n, n_features) standardised float32. y: (n, years) change from the anchor in scale units, missing as NaN.
    weight: (n,) weight of a case. watch: called after each pass with the share done. The learning rate rises
    over the first steps and falls along half a cosine. The same seed gives the same bytes on the same machine.
    """
    rng = np.random.default_rng(seed)
    weights = _start(rng, x.shape[1], recipe.hidden, y)
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    y, weight = y.astype(np.float32), (weight / weight.mean()).astype(np.float32)
    batch = min(BATCH, len(x))
    steps, done = recipe.epochs * (len(x) // batch), 0
    for epoch in range(recipe.epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x) - batch + 1, batch):
            pick = order[start : start + batch]
            kept = rng.random((batch, x.shape[1]), dtype=np.float32) > recipe.dropout
            seen = x[pick] * kept / np.float32(1 - recipe.dropout)
            gradient = _gradient(weights, seen, y[pick], weight[pick])
            done += 1
            rate = recipe.rate * min(1.0, done / WARM_STEPS) * 0.5 * (1 + np.cos(np.pi * done / steps))
            _adam(weights, gradient, first, second, done, rate, recipe.decay)
        if watch is not None:
            watch((epoch + 1) / recipe.epochs)
    return weights


def _adam(
    weights: Weights, gradient: Weights, first: Weights, second: Weights, done: int, rate: float, decay: float
) -> None:
    for i, slope in enumerate(gradient):
        first[i] += 0.1 * (slope - first[i])
        second[i] += 0.001 * (slope * slope - second[i])
        move = first[i] / (1 - 0.9**done) / (np.sqrt(second[i] / (1 - 0.999**done)) + 1e-8)
        if weights[i].ndim == 2:
            move = move + decay * weights[i]
        weights[i] -= np.float32(rate) * move


def _start(rng: np.random.Generator, features: int, hidden: int, y: np.ndarray) -> Weights:
    """Random weights; the output's bias is the overall quantiles, so training starts from the climatology."""
    years = y.shape[1]
    bias = np.zeros((years, len(GRID)))
    for h in range(years):
        quantiles = np.nanquantile(y[:, h], GRID) / np.sqrt(h + 1)
        steps = np.log(np.expm1(np.maximum(np.diff(quantiles), 0.02)))
        bias[h, MIDDLE] = quantiles[MIDDLE]
        bias[h, MIDDLE + 1 :], bias[h, :MIDDLE] = steps[MIDDLE:], steps[:MIDDLE]
    sizes = [(features, hidden), (hidden, hidden), (hidden, years * len(GRID))]
    weights: Weights = []
    for i, (inputs, outputs) in enumerate(sizes):
        spread = (0.1 if i == 2 else np.sqrt(2)) / np.sqrt(inputs)
        weights += [rng.standard_normal((inputs, outputs)) * spread, np.zeros(outputs)]
    weights[-1] = bias.ravel()
    return [w.astype(np.float32) for w in weights]


def _relu(a: np.ndarray) -> np.ndarray:
    return np.maximum(a, np.float32(0))


def _steps(raw: np.ndarray) -> np.ndarray:
    """Softplus of everything but the median, so that steps are positive and quantiles can't cross."""
    large = np.float32(30)
    found = np.log(np.exp(np.minimum(raw, large)) + np.float32(1))
    found += np.maximum(raw - large, 0)
    found[..., MIDDLE] = raw[..., MIDDLE]
    return found


def _gradient(weights: Weights, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Weights:
    """Slope of the weighted mean pinball loss; every year has an equal say, so the growth of errors is divided out."""
    w1, b1, w2, b2, w3, b3 = weights
    one = _relu(x @ w1 + b1)
    two = _relu(one @ w2 + b2)
    raw = (two @ w3 + b3).reshape(len(x), y.shape[1], len(GRID))
    below = np.nan_to_num(y)[..., None] < assemble(_steps(raw))
    share = np.where(np.isfinite(y), weight[:, None], 0) / np.float32(len(x) * y.shape[1] * len(GRID))
    slope = ((below - GRID.astype(np.float32)) * share[..., None]).astype(np.float32)
    out = np.empty_like(raw)
    out[..., MIDDLE] = slope.sum(axis=-1)
    out[..., MIDDLE + 1 :] = np.cumsum(slope[..., :MIDDLE:-1], axis=-1)[..., ::-1]
    out[..., :MIDDLE] = -np.cumsum(slope[..., :MIDDLE], axis=-1)
    steps = np.arange(len(GRID)) != MIDDLE
    out[..., steps] *= (1 / (1 + np.exp(-raw)))[..., steps]
    out = out.reshape(len(x), -1)
    back_2 = (out @ w3.T) * (two > 0)
    back_1 = (back_2 @ w2.T) * (one > 0)
    return [
        *(x.T @ back_1, back_1.sum(axis=0)),
        *(one.T @ back_2, back_2.sum(axis=0)),
        *(two.T @ out, out.sum(axis=0)),
    ]
