"""Reads skeleta's run files and draws them: h5py, xarray and matplotlib, nothing compiled.

>>> import skeleta_analysis
>>> run = skeleta_analysis.open("run.h5")
>>> run.loss["contribution"].sel(instance=0)
>>> skeleta_analysis.contributions(run).savefig("contributions.png")
"""

from .atlas import atlas
from .basins import basins
from .certified import certified, read_phases
from .coherence import coherence
from .columns import columns
from .comparison import comparison
from .conjecture import conjecture
from .contributions import contributions
from .data import data
from .dictionary import dictionary
from .dimensionality import dimensionality
from .errors import errors
from .excess import excess
from .frontier import frontier
from .linear import flow, moments
from .polygons import polygons
from .run_file import ForeignFile, Run, open  # noqa: A004  skeleta_analysis.open is the name
from .selection import selection
from .spectrum import spectrum
from .summary import summary
from .sweep import phases, sweep
from .training import training

__all__ = ["ForeignFile", "Run", "atlas", "basins", "certified", "coherence", "columns", "comparison",
           "conjecture", "contributions", "data", "dictionary", "dimensionality", "errors", "excess", "flow", "frontier",
           "moments", "open", "phases", "polygons", "read_phases", "selection", "spectrum", "summary", "sweep", "training"]
