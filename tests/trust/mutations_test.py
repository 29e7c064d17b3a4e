"""Mutated files through the commands that read them, under 4 GiB of memory: no crash, no hang, one
sentence for what is refused, no number from what should be, no file harmed.
SKELETA_TEST_MUTATIONS: how many files [400, times SKELETA_TEST_SCALE], SKELETA_TEST_SEED [1].
SKELETA_TEST_SECONDS: what takes longer hangs [20]; a machine where others work too may need more.
SKELETA_TEST_MEMORY: the limit in GiB [4], 0 for none, which programs need that a sanitizer watches."""
import collections
import math
import os
import random
import resource
import subprocess
import unittest

import h5py
import numpy

from campaign import DATA, SCALE, Campaign

COUNT = int(os.environ.get("SKELETA_TEST_MUTATIONS", str(round(400 * SCALE))))
SEED = int(os.environ.get("SKELETA_TEST_SEED", "1"))
MEMORY = int(os.environ.get("SKELETA_TEST_MEMORY", "4"))
MODELS = [DATA / "trained/n5_m2_S0.95.h5", DATA / "trained/n20_m5_S0.95.h5"]
RUNS = sorted(path for path in (DATA / "fixtures").glob("*.h5"))
TEXTS = [DATA / "plans/phase_n2.toml", DATA / "fixtures/sweep.toml"]
SEAL = b"skeleta crc64 = "
SEAL_SIZE = 32
SECONDS = int(os.environ.get("SKELETA_TEST_SECONDS", "20"))
# Words of exceptions that nobody meant for a reader.
UNMEANT = ("HDF5-DIAG", "json.exception", "std::", "vector::", "basic_string", "map::at", "optional", "filesystem error")

OF_ANY = [["show", "FILE", "--json"], ["show", "FILE"], ["view", "FILE", "-o", "made.html"]]
OF_MODELS = [["estimate", "FILE", "--method", "exact", "--json", "--density", ".1"],
             ["estimate", "FILE", "--method", "stratified", "--samples", "500", "--json"],
             ["spectrum", "FILE", "--json"], ["approximate", "FILE", "--json"],
             ["thomson", "match", "FILE", "--json"], ["show", "FILE", "--geometry"],
             ["train", "--init", "FILE", "--steps", "2", "--starts", "1", "--json"],
             ["dictionary", "FILE", "--json"]]
OF_RUNS = [["merge", "FILE", "FILE", "-o", "made.h5"], ["estimate", "FILE", "--method", "exact", "--json"]]
OF_TEXTS = [["sweep", "FILE", "--steps", "1", "--json"], ["estimate", str(MODELS[0]), "--config", "FILE", "--json"]]


# ---- bytes

def flip(draw, data):
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def block(draw, data):
    length = min(len(data), 2 ** draw.randint(2, 9))
    at = draw.randrange(len(data) - length + 1)
    other = draw.randrange(len(data) - length + 1)
    data[at:at + length] = draw.choice((bytes(length), b"\xff" * length, draw.randbytes(length),
                                        bytes(data[other:other + length])))


def cut(draw, data):
    del data[draw.randrange(len(data)):]


def insert(draw, data):
    at = draw.randrange(len(data))
    data[at:at] = draw.randbytes(2 ** draw.randint(0, 8))


BYTES = (flip, block, cut, insert)


# ---- what HDF5 knows of it

def datasets(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


def reshape(draw, file, name):
    data = file[name][()]
    del file[name]
    data = numpy.asarray(data)
    shape = draw.choice(("flat", "transpose", "deep", "empty", "more", "scalar", "huge"))
    if shape == "huge":
        file.create_dataset(name, shape=(2 ** 31, 2 ** 20), dtype="f8", chunks=(1024, 1024))
        return
    file[name] = {"flat": lambda: data.ravel(), "transpose": lambda: data.T, "deep": lambda: data[None, ...],
                  "empty": lambda: data.ravel()[:0], "more": lambda: numpy.append(data.ravel(), data.ravel()),
                  "scalar": lambda: data.ravel()[0] if data.size else 0.0}[shape]()


def retype(draw, file, name):
    data = numpy.asarray(file[name][()])
    del file[name]
    kind = draw.choice(("f2", "f4", "i1", "i8", "u8", ">f8", "?", "S3", "c16"))
    with numpy.errstate(all="ignore"):
        try:
            file[name] = data.astype(kind)
        except (ValueError, TypeError):
            file[name] = 1


def value(draw, file, name):
    data = numpy.asarray(file[name][()])
    if data.dtype.kind not in "fiu" or data.size == 0:
        return
    changed = numpy.array(data, dtype=float if data.dtype.kind == "f" else data.dtype).ravel()
    number = draw.choice((math.nan, math.inf, -math.inf, -1.0, 1e308, 1e-308, 0.0, 2.0 ** 31, 1e18))
    if data.dtype.kind != "f":
        number = draw.choice((-1, 0, 127)) if data.dtype.kind == "i" else draw.choice((0, 200))
    changed[draw.randrange(changed.size)] = number
    file[name][...] = changed.reshape(data.shape)


def filters(draw, file, name):
    data = numpy.asarray(file[name][()])
    if data.ndim == 0 or data.size == 0 or data.dtype.kind not in "fiu":
        return
    del file[name]
    file.create_dataset(name, data=data, chunks=True, compression=draw.choice(("gzip", "lzf")), shuffle=True,
                        fletcher32=draw.random() < 0.5)


def link(draw, file, name):
    del file[name]
    kind = draw.choice(("dangling", "loop", "outside", "group", "gone"))
    if kind == "dangling":
        file[name] = h5py.SoftLink("/nowhere")
    elif kind == "loop":
        file[name] = h5py.SoftLink("/" + name)
    elif kind == "outside":
        file[name] = h5py.ExternalLink("/dev/zero", "/x")
    elif kind == "group":
        file.create_group(name)


def attribute(draw, file, name):
    holder = file if draw.random() < 0.5 else file[name]
    names = [each for each in holder.attrs if each not in ("DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "NAME")]
    if not names:
        return
    which = draw.choice(names)
    del holder.attrs[which]
    new = draw.choice((None, 7, "x" * 5000, b"\xff\xfe", [1.5, math.nan], ""))
    if new is not None:
        holder.attrs[which] = new


# What such files once did to `show`: a fixture, what was changed, and to what.
FOUND = [("train.h5", "options", 'starts = "x"\n'),             # a message of the JSON library
         ("sweep.h5", "options", 'represented-norm = "x"\n'),
         ("basins.h5", "basins/label", 200),                     # likewise: no UTF-8
         ("approximate.h5", "approximation/least_density", 0.0),  # an assertion
         ("thomson_match.h5", "thomson/hidden", 2 ** 25)]        # gigabytes, and minutes


STRUCTURE = (reshape, retype, value, filters, link, attribute)


class Commands:
    """Commands in a folder, by a process that forks for each (many_commands.cpp)."""

    def __init__(self, folder):
        self.folder = folder
        self.server = subprocess.Popen([os.environ["SKELETA_COMMANDS"], str(SECONDS)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, cwd=folder,
                                       env={**os.environ, "LD_BIND_NOW": "1"})  # before it forks

    def run(self, words):
        """The exit code, minus a signal, or "hang"; and what it said on standard error."""
        self.server.stdin.write("\t".join(words) + "\n")
        self.server.stdin.flush()
        end = self.server.stdout.readline().strip()
        return end if end == "hang" else int(end), (self.folder / "err").read_text(errors="replace")

    def close(self):
        self.server.communicate()


class Mutations(Campaign):
    def setUp(self):
        super().setUp()
        self.ends = collections.Counter()
        self.kinds = collections.Counter()
        if MEMORY:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY << 30, MEMORY << 30))
        self.program = Commands(self.folder)
        self.addCleanup(self.program.close)

    def mutate_bytes(self, draw, source, path):
        data = bytearray(source.read_bytes())
        sealed = data[-SEAL_SIZE:].startswith(SEAL)
        if sealed and draw.random() < 0.5:  # as another tool leaves it
            del data[-SEAL_SIZE:]
            sealed = False
        before = bytes(data)
        draw.choice(BYTES)(draw, data)
        path.write_bytes(data)
        # A change behind which the seal still stands as one has to be seen.
        return sealed and before != data and data[-SEAL_SIZE:].startswith(SEAL)

    def mutate_structure(self, draw, source, path):
        data = source.read_bytes()
        path.write_bytes(data[:-SEAL_SIZE] if data[-SEAL_SIZE:].startswith(SEAL) else data)
        must = False
        with h5py.File(path, "r+") as file:
            name = draw.choice(datasets(file))
            kind = draw.choice(STRUCTURE)
            kind(draw, file, name)
            if kind is value and name in ("W", "b", "bias", "density", "importance") and source in MODELS:
                data = numpy.asarray(file[name][()], dtype=float)
                must = not numpy.isfinite(data).all() or (
                    name == "density" and ((data < 0) | (data > 1)).any()) or (
                    name == "importance" and (data < 0).any())
        return must

    def test_what_was_found(self):
        for source, name, new in FOUND:
            path = self.folder / "mutated.h5"
            path.write_bytes((DATA / "fixtures" / source).read_bytes()[:-SEAL_SIZE])
            with h5py.File(path, "r+") as file:
                if name in file.attrs:
                    file.attrs[name] = new
                else:
                    file[name][...] = new
            for words in OF_ANY[:2]:
                with self.subTest(source=source, words=words):
                    self.one(path, words, False)
                    self.assertEqual(self.ends.pop(0, 0), 1, self.ends)

    def command(self, draw, source):
        if source.suffix == ".toml":
            return draw.choice(OF_TEXTS)
        return draw.choice(OF_ANY + (OF_MODELS if source in MODELS else OF_RUNS))

    def test_files(self):
        for k in range(COUNT):
            draw = random.Random(f"{SEED} {k}")
            source = draw.choice(MODELS + MODELS + RUNS + TEXTS)
            path = self.folder / f"mutated{source.suffix}"
            path.unlink(missing_ok=True)  # what takes the place of another's bytes is written to the disk at once
            must_refuse = False
            try:
                if source.suffix == ".h5" and draw.random() < 0.5:
                    must_refuse = self.mutate_structure(draw, source, path)
                else:
                    must_refuse = self.mutate_bytes(draw, source, path)
            except (OSError, RuntimeError, KeyError, TypeError, ValueError):
                continue  # h5py could not make it
            words = self.command(draw, source)
            with self.subTest(number=k, source=source.name, words=" ".join(words)):
                try:
                    self.one(path, words, must_refuse)
                except AssertionError as error:  # told at once: a long campaign may not come to its end
                    print(f"seed {SEED}, number {k}: {error}", flush=True)
                    raise
        print(f"{self.ends.total()} files:", dict(sorted(self.ends.items(), key=str)), dict(sorted(self.kinds.items())))

    def one(self, path, words, must_refuse):
        content = path.read_bytes()
        code, err = self.program.run([word.replace("FILE", path.name) for word in words])
        self.ends[code] += 1
        self.kinds[words[0]] += 1
        self.assertIn(code, (0, 1, 2, 3), err[-400:])
        for word in UNMEANT:
            self.assertNotIn(word, err)
        self.assertEqual(path.read_bytes(), content, "the file was changed")
        if code in (1, 2):
            self.assertTrue(any(line.startswith("skeleta: ") for line in err.splitlines()), err)
            if words[0] != "merge":
                self.assertFalse((self.folder / "made.h5").exists())
        if must_refuse and "--density" not in words:
            self.assertIn(code, (1, 2), "numbers of a file that should be refused")
        for left in self.folder.glob("made*"):
            left.unlink()
        self.assertLessEqual({x.name for x in self.folder.iterdir()},
                             {path.name, "plan.toml", "out", "err", "mutated.h5", "mutated.toml"})


if __name__ == "__main__":
    unittest.main()
