"""Figures of run files, with matplotlib: those of skeleta_analysis."""

from skeleta_analysis import (atlas, basins, certified, coherence, columns, comparison, conjecture, contributions, data,
                              dictionary, dimensionality, excess, flow, frontier, moments, phases, selection, spectrum,
                              summary, sweep, training)

__all__ = ["atlas", "basins", "certified", "coherence", "columns", "comparison", "conjecture", "contributions", "data",
           "dictionary", "dimensionality", "excess", "flow", "frontier", "moments", "phases", "selection", "spectrum",
           "summary", "sweep", "training"]
