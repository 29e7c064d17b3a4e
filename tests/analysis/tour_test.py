"""A newcomer's way through analysis/tour.md: every block, in order, in one folder."""

import json
import os
import re
import unittest

from workplace import SOURCE, Workplace, program


class Tour(Workplace):
    def test_every_block_in_order(self):
        for name in ("analysis", "data"):
            (self.folder / name).symlink_to(SOURCE / name)
        release = self.folder / "build/release"
        release.mkdir(parents=True)
        (release / "skeleta").symlink_to(program())
        tools = self.folder / "bin"  # `python3` is the one that has the packages
        tools.mkdir()
        (tools / "python3").symlink_to("/usr/bin/python3")
        environment = {**os.environ, "MPLBACKEND": "Agg", "PATH": f"{tools}:{os.environ['PATH']}",
                       "PYTHONPATH": "analysis/python"}
        text = (SOURCE / "analysis/tour.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
        self.assertGreaterEqual(len(blocks), 8)
        outputs = []
        for language, code in blocks:
            with self.subTest(code=code):
                shell = ("bash", "-euc") if language == "sh" else ("python3", "-c")
                outputs.append(self.run_command(*shell, code, cwd=self.folder, env=environment))
        everything = "\n".join(outputs)
        for stated in ("0.0089035937", "1.49 %", "pentagon, proven"):
            self.assertIn(stated, everything)
        for name in re.findall(r"-o (\S+)", text):
            self.assertGreater((self.folder / name).stat().st_size, 2000, name)
        self.check_the_share_beyond_q1()

    def check_the_share_beyond_q1(self):
        """ "Two thirds" and "one input in fifty" of step 2."""
        found = json.loads(self.run_command(program(), "estimate", self.folder / "mine.h5", "--method",
                                            "exact", "--json"))
        self.assertAlmostEqual(1.0 - found["one_sparse"]["share"], 0.65, delta=0.04)
        self.assertAlmostEqual(found["one_sparse"]["probability_of_rest"], 0.0226, delta=1e-3)


if __name__ == "__main__":
    unittest.main()
