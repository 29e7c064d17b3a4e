"""Reads skeleta's run files and draws them: h5py, numpy and matplotlib, nothing compiled."""

from .run_file import EstimateRun, ForeignFile, read_estimate

__all__ = ["EstimateRun", "ForeignFile", "read_estimate"]
