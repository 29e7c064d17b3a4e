#!/usr/bin/python3
"""Makes data/minima.csv, the best known minima of the tied ReLU model: data/make_minima.py PROGRAM [FEATURES HIDDEN DENSITY]...

D <= 12 features in d <= 3 hidden dimensions (d < D), all with one density and importance 1. Each minimum is looked for in
two ways: by STARTS descents from random points, MORE where they do not meet what WALKS walks (`train --search hopping`)
find. Of the better end the spectrum is computed. With sizes, only these rows are printed, and nothing is written. A file
that is there is gone on with: rows that were taken out are made again, and those whose landscape is unknown get the
spectrum of an end of the walks. Half an hour of one quiet core.
"""

import csv
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

STARTS, MORE, WALKS, SEED = 100, 2000, 10, 1
DENSITIES = ("0.001", "0.01", "0.05", "0.2", "0.5")
SAME = 1e-8  # relative: two searches found one minimum
SHAPE = 1e-3  # of lengths and cosines
FIELDS = ("features", "hidden", "density", "loss", "error_bound", "found_by", "starts_best", "starts_loss", "walks_best",
          "walks_loss", "landscape", "rank", "zeros", "negative", "smallest", "learning_coefficient", "represented", "name",
          "dimensionalities")


def regular(corners):
    turn = 2 * np.pi * np.arange(corners) / corners
    return np.array([np.cos(turn), np.sin(turn)])


def named():
    """Configurations with a name, columns of unit length."""
    golden = (1 + 5 ** 0.5) / 2
    yield "digon", np.array([[1.0, -1.0]])
    for corners, name in enumerate(("triangle", "square", "pentagon", "hexagon", "heptagon", "octagon", "nonagon"), 3):
        yield name, regular(corners)
    yield "tetrahedron", np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]).T / 3 ** 0.5
    yield "octahedron", np.hstack([np.eye(3), -np.eye(3)])
    yield "cube", np.array(list(itertools.product((-1, 1), repeat=3))).T / 3 ** 0.5
    yield "icosahedron", np.array([np.roll([0, a, b * golden], k) for k in range(3) for a in (-1, 1)
                                   for b in (-1, 1)]).T / (1 + golden ** 2) ** 0.5


def cosines(points):
    gram = points.T @ points
    return np.sort(gram[np.triu_indices(len(gram), 1)])


def represented(W):
    lengths = np.linalg.norm(W, axis=0)
    return W[:, lengths > 0.25 * lengths.max()]


def name_of(W):
    """Of the represented columns: their lengths and angles are those of a configuration with a name."""
    columns = represented(W)
    lengths = np.linalg.norm(columns, axis=0)
    if np.ptp(lengths) > SHAPE * lengths.max():
        return ""
    found = cosines(columns / lengths)
    for name, points in named():
        if points.shape[0] <= W.shape[0] and points.shape[1] == columns.shape[1] and \
                np.abs(cosines(points) - found).max() < SHAPE:
            return name
    return ""


class Search:
    """One of the two searches: its best loss, how often it was found, and its file."""

    def __init__(self, program, size, file, *how):
        D, d, p = size
        out = subprocess.run([program, "train", "--features", D, "--hidden", d, "--density", p, "--seed", str(SEED), "--json",
                              "--quiet", "-o", file, *how], capture_output=True, text=True)
        if out.returncode:
            sys.exit(f"{size}: {out.stderr}")
        self.file, result = file, json.loads(out.stdout)
        self.loss = result["best"]["loss"]
        ends = [start["loss"] for start in result["starts"] if start["loss"] is not None]
        self.best = sum(end - self.loss <= SAME * self.loss for end in ends)
        self.error = next(start["error_bound"] for start in result["starts"] if start["start"] == result["best"]["start"])
        self.minimum = next((one for one in result["minima"] if one["loss"] - self.loss <= SAME * self.loss), None)


def label_of(W):
    """"5 x 0.4000": the dimensionalities of the represented features."""
    columns = represented(W)
    gram = columns.T @ columns
    shares = sorted((np.diag(gram) ** 2 / (gram ** 2).sum(axis=1)).round(4), reverse=True)
    return " + ".join(f"{len(list(equal))} x {share:.4f}" for share, equal in itertools.groupby(shares))


def first_model(path):
    """W of the best end."""
    with h5py.File(path) as file:
        return file["model/W"][0]


def spectrum_of(program, size, path):
    """The fields of a row that tell of the best end's second derivatives."""
    out = subprocess.run([program, "spectrum", path, "--json", "--quiet"], capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"{size}: {out.stderr}")
    spectrum = json.loads(out.stdout)
    known = spectrum["landscape"] not in ("unknown", "kink")
    values = [value for value in spectrum["eigenvalues"] if value is not None and abs(value) > spectrum["zero"]] if known else []
    return {"landscape": spectrum["landscape"],
            "rank": spectrum["rank"] if known else "", "negative": spectrum["negative"] if known else "",
            "zeros": len(spectrum["eigenvalues"]) - spectrum["rank"] if known else "",
            "smallest": f"{min(values):.4g}" if values else "",
            "learning_coefficient": spectrum["learning_coefficient"] if spectrum["learning_coefficient"] is not None else ""}


def walks_of(program, size, folder):
    return Search(program, size, f"{folder}/walks.h5", "--search", "hopping", "--starts", str(WALKS))


def complete(program, size, folder, row):
    walks = walks_of(program, size, folder)
    if abs(walks.loss - float(row["loss"])) <= SAME * walks.loss:
        row.update({name: str(value) for name, value in spectrum_of(program, size, walks.file).items()})
    return row


def row_of(program, size, folder):
    walks = walks_of(program, size, folder)
    for count in (STARTS, MORE):  # the same file: a run is extended
        starts = Search(program, size, f"{folder}/starts.h5", "--starts", str(count))
        if starts.loss - walks.loss <= SAME * walks.loss:
            break
    least = min(starts.loss, walks.loss)
    finders = [name for name, one in (("starts", starts), ("hopping", walks)) if one.loss - least <= SAME * least]
    best = min(starts, walks, key=lambda one: one.loss)
    W = first_model(best.file)
    return {"features": size[0], "hidden": size[1], "density": size[2], "loss": f"{least:.12g}",
            "error_bound": f"{best.error:.1g}", "found_by": "+".join(finders),
            "starts_best": f"{starts.best}/{count}", "starts_loss": f"{starts.loss:.12g}",
            "walks_best": f"{walks.best}/{WALKS}", "walks_loss": f"{walks.loss:.12g}",
            **spectrum_of(program, size, best.file),
            "represented": represented(W).shape[1], "name": name_of(W), "dimensionalities": label_of(W)}


def sizes():
    for d in (1, 2, 3):
        for D in range(d + 1, 13):
            for p in DENSITIES:
                yield str(D), str(d), p


def main(program, *words):
    asked = list(zip(words[::3], words[1::3], words[2::3]))
    target = pathlib.Path(__file__).with_name("minima.csv")
    rows = {}
    if target.exists() and not asked:  # goes on where it was stopped
        with target.open(newline="", encoding="utf-8") as file:
            rows = {tuple(row[name] for name in FIELDS[:3]): row for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder:
        for size in asked or sizes():
            place = pathlib.Path(tempfile.mkdtemp(dir=folder))
            if size not in rows:
                row = rows[size] = row_of(program, size, place)
            elif rows[size]["landscape"] == "unknown":
                row = complete(program, size, place, rows[size])
            else:
                continue
            print(*(row[name] for name in FIELDS), sep=",", flush=True)
            if not asked:
                write(target, [rows[one] for one in sizes() if one in rows])


def write(target, rows):
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
