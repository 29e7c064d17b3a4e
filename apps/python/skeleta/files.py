"""Run files as xarray datasets: the readers of skeleta_analysis (h5py, xarray)."""

from skeleta_analysis.run_file import ForeignFile, Run, open  # noqa: A004  skeleta.files.open is the name

__all__ = ["ForeignFile", "Run", "open"]
