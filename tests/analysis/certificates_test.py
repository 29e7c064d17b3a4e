"""The checker of certificates agrees with the program, and finds what is wrong with an altered one."""

import os
import re
import subprocess
import unittest

from workplace import SOURCE, Workplace

CHECKER = SOURCE / "analysis/python/skeleta_analysis/check_certificate.py"


def digest(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


class Certificates(Workplace):
    def setUp(self):
        super().setUp()
        self.certificate = self.folder / "pentagon.txt"
        printed = self.run_command(os.environ["SKELETA_PROGRAM"], "certify", "--features", 5, "-o", self.certificate)
        self.statement = printed.splitlines()[0]
        self.text = self.certificate.read_text(encoding="ascii")
        self.tree = self.text.index("\n", self.text.index("\ntree ") + 1) + 1  # where it begins

    def check(self, text, forged=False):
        """Exit code and output for another text; with a digest that fits it, if it is forged."""
        if forged:
            body = text.rpartition("digest ")[0]
            text = f"{body}digest {digest(body)}\n"
        altered = self.folder / "altered.txt"
        altered.write_text(text, encoding="ascii")
        done = subprocess.run(["/usr/bin/python3", CHECKER, altered], capture_output=True, text=True,
                              encoding="utf-8", check=False)
        return done.returncode, done.stdout

    def assert_refused(self, text, pattern, forged=True):
        code, printed = self.check(text, forged)
        self.assertEqual(code, 1, printed)
        self.assertRegex(printed, "^not proven: .*" + pattern)

    def test_the_statement_is_proven_again(self):
        self.assertEqual(self.check(self.text, forged=True), (0, self.statement + "\n"))

    def test_a_flipped_character_is_seen(self):
        for place in (3, self.text.index("column") + 12, self.tree + 40, len(self.text) - 4):
            flipped = self.text[:place] + ("1" if self.text[place] != "1" else "2") + self.text[place + 1:]
            self.assert_refused(flipped, "", forged=False)

    def test_a_wrong_leaf_is_found(self):
        place = self.text.index("p", self.tree)
        self.assert_refused(self.text[:place] + "h" + self.text[place + 1:],
                            rf"character {place - self.tree} of the tree: the box .* is not proven by 'h'")

    def test_a_removed_leaf_is_found(self):
        size = int(re.search("tree (\\d+)", self.text)[1])
        short = self.text.replace(f"tree {size}", f"tree {size - 1}")
        place = re.search("[a-z](?=\\ndigest)", short).start()  # the last one
        self.assert_refused(short[:place] + short[place + 1:], "ends before its last 1 boxes|is not proven")

    def test_a_shifted_parameter_is_found(self):
        def shifted(name, by, which=0):
            line = re.search(rf"(?m)^{name} .*$", self.text)[0]
            words = line.split(" ")
            words[1 + which] = (float.fromhex(words[1 + which]) + by).hex()
            return self.text.replace(line, " ".join(words))

        for name, by, which, pattern in (("column", 1e-6, 0, "column"), ("column", -1e-12, 1, "stationary"),
                                         ("shortest", 0.1, 0, "shorter"), ("longest", -0.05, 0, "longer"),
                                         ("widest", -0.01, 0, "wider"), ("well_angle", 0.02, 0, "well_angle"),
                                         ("well_column", -0.02, 1, "well_column"),
                                         ("slack", 0.02, 0, "longer"), ("minimum", 1e-12, 0, "minimum"), ("minimum", -1e-12, 1, "minimum")):
            with self.subTest(name=name, by=by):
                self.assert_refused(shifted(name, by, which), pattern)

    def test_stability_is_proven_again(self):
        stable = self.folder / "stable.txt"
        printed = self.run_command(os.environ["SKELETA_PROGRAM"], "certify", "--features", 5, "--stable", "-o", stable)
        text = stable.read_text(encoding="ascii")
        self.assertEqual(self.check(text), (0, printed.splitlines()[0] + "\n"))
        self.assertIn("gaps between neighbours lie in", printed)
        more = re.sub("(?m)^slack .*$", f"slack {0.012.hex()}", text)
        self.assert_refused(more, "longer")
        self.assert_refused(re.sub("(?m)^near_angle \\S+", f"near_angle {1.25.hex()}", text), "do not hold the well")

    def test_it_knows_nothing_of_the_package(self):
        imports = re.findall(r"(?m)^ *(?:from|import) (\w+)", CHECKER.read_text(encoding="utf-8"))
        self.assertEqual(set(imports), {"sys", "fractions", "math"})


if __name__ == "__main__":
    unittest.main()
