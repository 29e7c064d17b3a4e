"""The notebook runs from its first cell to its last, and ends at the minimum."""

import json
import pathlib

import pytest


def test_notebook(monkeypatch, capsys):
    pytest.importorskip("torch", reason="python3-torch is not installed")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    path = pathlib.Path(__file__).parents[2] / "analysis/python/notebook.ipynb"
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in cells)  # they are of another machine
    names = {}
    for cell in cells:
        exec(compile("".join(cell["source"]), str(path), "exec"), names)
    assert "the last batch: " in capsys.readouterr().out
    assert names["end"].value <= names["found"].value
    assert names["best"].best["loss"] == pytest.approx(0.0089035937, rel=1e-7)
    assert names["figure"].axes
