"""The commands of analysis/open_problems.md run and print the numbers that the text states."""

import json
import re
import unittest

from workplace import SOURCE, TypedLines, blocks_of, text_of

PAGE = "analysis/open_problems.md"
# What takes minutes is cut down; what the text states is still computed.
SHORTER = {"for S in 0.99 0.95 0.9 0.8 0.7 0.6 0.5 0.4 0.3 0.2 0.1;": "for S in 0.99 0.9;"}
# The text's words, and the output of which command must hold which number.
STATED = (
    ("0.0033194840 < 0.0033333333", "Fraction", r"0\.00331948400\d* True"),
    ("0.0762824487 < 0.0833333333", "Fraction", r"0\.07628244873\d* True"),
    ("| 0.9 | [0.00331945, 0.003319484] |", "--features 2 --hidden 1 --sparsity 0.9\n", r"at least 0\.0033194507\d*, and 0\.0033194839"),
    ("[0.03391823, 0.03391858] |", "--features 3 --hidden 1 --sparsity 0.9\n", r"at least 0\.0339182324\d*, and 0\.0339185716"),
    ("[0.006638901, 0.006638968] |", "--features 4 --hidden 2 --sparsity 0.9\n", r"at least 0\.006638901\d*, and 0\.0066389679\d* .*2 \+ 2"),
    ("|w| in [1.1704596390978177, 1.1704596390978399]", "-o pentagon.txt", r"\[1\.1704596390978177, 1\.1704596390978399\]"),
    ("5 L₁ in [0.079128135372448144, 0.079128135372492206]", "--check", r"\[0\.079128135372448144, 0\.079128135372492206\]"),
    ("5 L₁ in [0.079128135372448144, 0.079128135372492206]", "check_certificate", r"\[0\.079128135372448144, 0\.079128135372492206\]"),
    ("6 L₁ in [0.28915425618899609, 0.2891542561890737]", "-o hexagon.txt", r"\[0\.28915425618899609, 0\.2891542561890737\]"),
    ("lengths in [0.90625, 1.46875], gaps between neighbours in [1, 1.5]", "--stable", r"\[0\.90625, 1\.46875\] and all gaps .* \[1, 1\.5\](?s:.*)from 0\.9956 on"),
    ("from .99984 on (below 1) the global minimum", "--unique", r"exactly one global minimum.* from 0\.99984 on"),
    ("| .01 | 0.4825 [0.433, 0.533] | 0.4050 [0.357, 0.455] | 0.1125 [0.083, 0.148] |", "--interference 0.01 ",
     r"0\.482500 +0\.4325\d* to 0\.5326(?s:.*)0\.405000 +0\.3565\d* to 0\.4549(?s:.*)0\.112500 +0\.0832\d* to 0\.1476"),
    ("| .05 | never seen | 0.6975 [0.650, 0.742] | 0.3025 [0.258, 0.350] |", "--interference 0.05 ",
     r"0\.697500 +0\.6498\d* to 0\.7421(?s:.*)0\.302500 +0\.2578\d* to 0\.3501"),
    ("(0.482 for σ = 0.01, 0.484 for σ = 1)", "selected()", r"0\.9_0\.8_0\.01_0\.01 0\.482 opposite(?s:.)*0\.9_0\.8_0\.01_1 0\.484 opposite"),
    ("(0.388 for λ = 0.02), then it is 0 (λ = 0.03; I = 0.4; S = 0.99)", "selected()",
     r"0\.99_0\.8_0\.01_0\.1 0\.000(?s:.)*0\.9_0\.4_0\.01_0\.1 0\.000(?s:.)*0\.9_0\.8_0\.02_0\.1 0\.388(?s:.)*0\.9_0\.8_0\.03_0\.1 0\.000"),
    ("0.000591631 5 kept", "--starts 60", r"8e-5 0\.000591631 5 kept"),
    ("0.000594398 4 kept", "--starts 60", r"8\.1e-5 0\.000594398 4 kept"),
    ("0.000996737 4 kept", "--starts 60", r"3\.3e-4 0\.000996737 4 kept"),
    ("0.00099925 2 kept", "--starts 60", r"3\.33e-4 0\.00099925 2 kept"),
    ("| 0.49 | 0.016041667 (2 kept) | 0.048125000 (2 kept) |", "--coherence-cap", r"3_0\.49 0\.016041667 2 kept(?s:.)*5_0\.49 0\.048125000 2 kept"),
    ("| 0.5 | 0.000937836 (3 kept) | 0.033021170 (3 kept) |", "--coherence-cap", r"3_0\.5 0\.000937836 3 kept(?s:.)*5_0\.5 0\.033021170 3 kept"),
    ("| 0.604 | 0.000937830 |", "--coherence-cap", r"3_0\.602 0\.000937836 3 kept\n3_0\.604 0\.00093783"),
    ("| 0.7 | 0.000934151 | 0.033017484 |", "--coherence-cap", r"3_0\.7 0\.00093415\d 3 kept(?s:.)*5_0\.7 0\.03301748"),
    ("| 0.7072 | 0.000933581 | 0.026966769 (4 kept) |", "--coherence-cap", r"5_0\.7072 0\.0269667\d\d 4 kept"),
    ("| 0.76 | 0.000927643 | 0.023137166 |", "--coherence-cap", r"5_0\.76 0\.0231371\d\d 4 kept"),
    ("| 0.8091 | 0.000918735 | 0.008903594 (5 kept) |", "--coherence-cap", r"5_0\.8091 0\.008903594 5 kept"),
    ("| 1 | 0.000831833 | 0.008903594 |", "--coherence-cap", r"3_1 0\.000831833 3 kept(?s:.)*5_1 0\.008903594 5 kept"),
    ("λ₀ = 0.0236725 (S = .9, I = 1) 0.0170245 (S = .9, I = .8) 0.0104167", "critical", r"0\.0236725\n0\.0170245\n0\.0104167"),
    ("λ_c in [0.011, 0.012] (I = ½) [0.025, 0.026] (I = 1) [0.023, 0.024] (I = 2)", "--phases",
     r"0\.5 +0\.1 +0\.011 +0\.012\n +1 +0\.1 +0\.025 +0\.026\n +2 +0\.1 +0\.023 +0\.024"),
)


def typed():
    """(language, what is typed): a line each, but for blocks that hold together."""
    for language, code in blocks_of(PAGE):
        whole = language != "sh" or "done" in code
        for piece in [code] if whole else code.splitlines(keepends=True):
            yield language, piece


def shorter(code):
    for long, short in SHORTER.items():
        code = code.replace(long, short)
    return code


def table_rows():
    """The cells of the table of O49, by sparsity."""
    rows = re.findall(r"(?m)^\| ([\d.]+) \|(.*)\|$", text_of(PAGE).split("| S |")[1].split("\n\n")[0])
    return {sparsity: [cell.strip() for cell in cells.split("|")] for sparsity, cells in rows}


def ends_of(interval):
    return (float(end) for end in re.findall(r"[\d.]+", interval))


class OpenProblems(TypedLines):
    def test_every_command_runs_and_prints_what_is_stated(self):
        outputs = {}
        for language, code in typed():
            with self.subTest(code=code):
                outputs[code] = self.type_in(language, shorter(code))
                self.assert_pictures(code)
        words = " ".join(text_of(PAGE).split())
        for statement, part, number in STATED:
            with self.subTest(statement=statement):
                self.assertIn(statement, words)
                found = [output for code, output in outputs.items() if part in code]
                self.assertTrue(any(re.search(number, output) for output in found), found)

        self.assert_rows_hold(self.folder.glob("axes_*.json"))

    def assert_rows_hold(self, results):
        """What was printed for the picture lies in the table's intervals, which are no wider than rounding makes them."""
        rows = table_rows()
        count = 0
        for result in results:
            _, features, sparsity = result.stem.split("_")
            certified = json.loads(result.read_text(encoding="utf-8"))["certified"]
            low, high = ends_of(rows[sparsity][2 * "234".index(features)])
            self.assertTrue(low <= certified["lower"] <= certified["upper"] <= high, result.stem)
            self.assertLess(certified["lower"] - low + high - certified["upper"], 2e-6 * high, result.stem)
            count += 1
        self.assertEqual(count, 6)

    def test_every_figure_and_every_long_command_is_there(self):
        text = text_of(PAGE)
        for name in re.findall(r"\]\((figures/[^)]+)\)", text):
            self.assertTrue((SOURCE / "analysis" / name).exists(), name)
        for long in SHORTER:
            self.assertIn(long, text)

    def test_conjectured_values_exceed_what_is_proven(self):
        rows = table_rows()
        self.assertEqual(len(rows), 12)
        for sparsity, cells in rows.items():
            p = 1.0 - float(sparsity)
            v = p / 3 - p * p / 4
            for (features, hidden), interval, conjectured in zip(((2, 1), (3, 1), (4, 2)), cells[::2], cells[1::2]):
                value = min((features - hidden) * v, hidden * p * p / 3 + (features - 2 * hidden) * v)
                self.assertAlmostEqual(float(conjectured), value, delta=1e-5 * value)
                if interval != "—":
                    low, high = ends_of(interval)
                    self.assertLess(low, high)
                    self.assertLess(high, value)
                    self.assertLess(high - low, 1.2e-5 * high)


if __name__ == "__main__":
    unittest.main()
