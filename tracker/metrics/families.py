"""One line for one metric: name, help, and the figure or the figures by label."""

from collections.abc import Mapping
from math import isinf

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from tracker.histogram import Histogram

PREFIX = "tracker_"

By = Mapping[str, float]
"""Figures by the value of one label."""


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def gauges(name: str, text: str, label: str, values: By) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def counter(name: str, text: str, value: float) -> Metric:
    """``name`` without ``_total``, which the format adds."""
    return CounterMetricFamily(PREFIX + name, text, value=value)


def counters(name: str, text: str, label: str, values: By) -> Metric:
    family = CounterMetricFamily(PREFIX + name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def outcomes(name: str, text: str, values: Mapping[tuple[str, str], float]) -> Metric:
    """Totals by outcome and reason; the reason is empty where the outcome says all."""
    family = CounterMetricFamily(PREFIX + name, text, labels=["outcome", "reason"])
    for (outcome, reason), value in values.items():
        family.add_metric([outcome, reason], value)
    return family


def histogram(name: str, text: str, taken: Histogram) -> Metric:
    buckets = [("+Inf" if isinf(bound) else str(bound), float(count)) for bound, count in taken.buckets()]
    return HistogramMetricFamily(PREFIX + name, text, buckets=buckets, sum_value=taken.sum)
