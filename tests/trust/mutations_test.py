"""Mutated files through the commands that read them, under 4 GiB of memory: no crash, no hang, one
sentence for what is refused, no number from what should be, no file harmed.
SKELETA_TEST_MUTATIONS: how many files [400, times SKELETA_TEST_SCALE], SKELETA_TEST_SEED [1]."""
import collections
import math
import os
import random
import resource
import subprocess
import unittest

import h5py
import numpy

from campaign import DATA, PROGRAM, SCALE, Campaign

COUNT = int(os.environ.get("SKELETA_TEST_MUTATIONS", str(round(400 * SCALE))))
SEED = int(os.environ.get("SKELETA_TEST_SEED", "1"))
MODELS = [DATA / "trained/n5_m2_S0.95.h5", DATA / "trained/n20_m5_S0.95.h5"]
RUNS = sorted(path for path in (DATA / "fixtures").glob("*.h5"))
TEXTS = [DATA / "plans/phase_n2.toml", DATA / "fixtures/sweep.toml"]
SEAL = b"skeleta crc64 = "
SEAL_SIZE = 32
SECONDS = 20

OF_ANY = [["show", "FILE", "--json"], ["show", "FILE"], ["view", "FILE", "-o", "OUT.html"]]
OF_MODELS = [["estimate", "FILE", "--method", "exact", "--json", "--density", ".1"],
             ["estimate", "FILE", "--method", "stratified", "--samples", "500", "--json"],
             ["spectrum", "FILE", "--json"], ["approximate", "FILE", "--json"],
             ["thomson", "match", "FILE", "--json"], ["show", "FILE", "--geometry"],
             ["train", "--init", "FILE", "--steps", "2", "--starts", "1", "--json"],
             ["dictionary", "FILE", "--json"]]
OF_RUNS = [["merge", "FILE", "FILE", "-o", "OUT.h5"], ["estimate", "FILE", "--method", "exact", "--json"]]
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


STRUCTURE = (reshape, retype, value, filters, link, attribute)


class Mutations(Campaign):
    def setUp(self):
        super().setUp()
        self.ends = collections.Counter()

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

    def command(self, draw, source):
        if source.suffix == ".toml":
            return draw.choice(OF_TEXTS)
        return draw.choice(OF_ANY + (OF_MODELS if source in MODELS else OF_RUNS))

    def test_files(self):
        most = 4 << 30
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        for k in range(COUNT):
            draw = random.Random(f"{SEED} {k}")
            source = draw.choice(MODELS + MODELS + RUNS + TEXTS)
            path = self.folder / f"mutated{source.suffix}"
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
                self.one(path, words, must_refuse)
        print(f"{COUNT} files:", dict(sorted(self.ends.items())))

    def one(self, path, words, must_refuse):
        content = path.read_bytes()
        typed = [word.replace("FILE", str(path)).replace("OUT", str(self.folder / "out")) for word in words]
        done = subprocess.run([PROGRAM, *typed], capture_output=True, timeout=SECONDS, cwd=self.folder)
        self.ends[done.returncode] += 1
        err = done.stderr.decode(errors="replace")
        self.assertIn(done.returncode, (0, 1, 2, 3), err[-400:])
        self.assertNotIn("HDF5-DIAG", err)
        self.assertEqual(path.read_bytes(), content, "the file was changed")
        if done.returncode in (1, 2):
            lines = err.splitlines()
            self.assertTrue(any(line.startswith("skeleta: ") for line in lines), err)
            if words[0] != "merge":
                self.assertFalse((self.folder / "out.h5").exists())
        if must_refuse and "--density" not in words:
            self.assertIn(done.returncode, (1, 2), "numbers of a file that should be refused")
        for left in self.folder.glob("out*"):
            left.unlink()
        self.assertEqual([x.name for x in self.folder.iterdir() if x.name not in (path.name, "plan.toml")
                          and not x.name.startswith("mutated")], [])


if __name__ == "__main__":
    unittest.main()
