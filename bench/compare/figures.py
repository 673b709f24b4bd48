"""What pairs of runs say: a median and the interval in which it lies, by resampling."""

import dataclasses
import random
import statistics

CONFIDENCE = 0.90
RESAMPLES = 10_000
SEED = 1  # the same figures give the same interval, whoever computes it


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A median and the ends of its interval."""

    median: float
    low: float
    high: float

    @property
    def half_width(self):
        return (self.high - self.low) / 2

    def farthest_from(self, value):
        """How far the interval reaches from `value`, to whichever side."""
        return max(abs(self.low - value), abs(self.high - value))

    def shown(self):
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


def estimate(samples, resamples=RESAMPLES):
    """The median of the samples, with a bootstrap interval (the percentiles of the medians of
    samples drawn with replacement) that covers it in 90 of 100 runs."""
    if not samples:
        raise ValueError("no samples")
    rng = random.Random(SEED)
    medians = sorted(statistics.median(rng.choices(samples, k=len(samples)))
                     for _ in range(resamples))
    tail = (1 - CONFIDENCE) / 2
    return Estimate(statistics.median(samples), medians[round(tail * (resamples - 1))],
                    medians[round((1 - tail) * (resamples - 1))])
