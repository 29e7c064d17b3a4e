"""A newcomer's way through analysis/tour.md: every block, in order, in one folder."""

import json
import re
import unittest

from workplace import TypedLines, blocks_of, program, text_of


class Tour(TypedLines):
    def test_every_block_in_order(self):
        blocks = [block for block in blocks_of("analysis/tour.md") if block[0] != "py"]  # of the module: tests/python
        self.assertGreaterEqual(len(blocks), 8)
        outputs = []
        for language, code in blocks:
            with self.subTest(code=code):
                outputs.append(self.type_in(language, code))
        everything = "\n".join(outputs)
        for stated in ("0.0089035937", "1.49 %", "pentagon, proven"):
            self.assertIn(stated, everything)
        for name in re.findall(r"-o (\S+)", text_of("analysis/tour.md")):
            self.assertGreater((self.folder / name).stat().st_size, 2000, name)
        self.check_the_share_beyond_q1()

    def check_the_share_beyond_q1(self):
        """ "Two thirds" and "one input in fifty" of step 2."""
        found = json.loads(self.run_command(program(), "estimate", self.folder / "tour.h5", "--method",
                                            "exact", "--json"))
        self.assertAlmostEqual(1.0 - found["one_sparse"]["share"], 0.65, delta=0.04)
        self.assertAlmostEqual(found["one_sparse"]["probability_of_rest"], 0.0226, delta=1e-3)


if __name__ == "__main__":
    unittest.main()
