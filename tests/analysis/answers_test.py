"""The commands of analysis/answers.md run, shortened, and print the numbers that the text states."""

import re
import unittest

from workplace import SOURCE, TypedLines, blocks_of, text_of

# What takes minutes is cut down; what the text states is still computed.
SHORTER = {
    "--sparsities 0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.85,0.9,0.93,0.95,0.96,0.962,0.97,0.98,0.99,0.995,0.998,"
    "0.999": "--sparsities 0.9,0.95,0.962,0.97",
    "--starts 10 --sparsities 0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.85,0.9,0.93,0.95,0.97,0.98,0.99,0.995,0.996,"
    "0.998,0.999": "--starts 10 --sparsities 0.99,0.996",
    "--starts 2 --sparsities 0.9,0.95,0.98,0.99,0.995,0.998,0.999,0.9995,0.9997,0.9998":
        "--starts 1 --sparsities 0.9997,0.9998",
    "--features 400 --hidden 30 --train --starts 1 --sparsities 0.9999,0.99995,0.99998":
        "--features 40 --hidden 5 --train --starts 1 --sparsities 0.9999",
    "--hidden 30 --sparsity 0.99 --starts 1": "--hidden 30 --sparsity 0.99 --starts 1 --steps 20",
    "--importances 0.1:10:40:log --densities 0.01:1:40:log --interferences "
    "0,0.0005,0.001,0.002,0.005,0.01,0.015,0.02,0.03,0.04":
        "--importances 0.1:10:4:log --densities 0.01:1:4:log --interferences 0,0.02",
    "sweep data/plans/atlas.toml": "sweep atlas_short.toml",
    "sweep data/plans/atlas_circle.toml": "sweep circle_short.toml",
    "--samples 1e2,1e3,1e4,1e5,1e6,1e7,1e8": "--samples 1e2,1e4,1e6,1e8 --measure-up-to 1e4",
}
# The text's words, and the output of which command must hold which number.
STATED = (
    ("| 5, 2 | .9 | 8.1 % | 81 % | 3.6 % | yes |", "-o d5.h5", r"0\.9 .* 3\.6\d* % +yes"),
    ("| 5, 2 | .95 | 2.3 % | 64 % | 1.5 % | yes |", "-o d5.h5", r"0\.95 .* 1\.49 % +yes"),
    ("D = 5: p = 0.038", "-o d5.h5", r"at most 1 % up to the density 0\.03 "),
    ("| 20, 5 | .99 | 1.7 % | 62 % | 4.0 % | yes |", "-o d20.h5", r"0\.99 .* [34]\.\d* % +yes"),
    ("D = 20: p = 0.004", "-o d20.h5", r"at most 1 % up to the density 0\.004 "),
    ("D = 80: p = 0.0003", "-o d80.h5", r"0\.9998 .* [0-2]\.\d+ % +(yes|no)"),
    ("98.8 % of the loss of the shipped model there", "approximate data/trained/n400", r"0\.56856 +98\.8 %"),
    ("| 30.8333332 | 1 − 5·10⁻⁹ | 400 | degenerate |", "--hidden 30 --sparsity 0 ",
     r"loss +30\.8333331\d*(?s:.)*ended by +gradient(?s:.)*degenerate"),
    ("| 0.11398 | 400 | a minimum | 0.02836 | 102 % |", "k-sparse:1", r"loss +0\.0283[56]"),
    ("0.00331945 ≤ min L ≤ 0.00331949", "--features 2", r"0\.00331945\d* .*0\.00331948"),
    ("0.0339182 ≤ min L ≤ 0.0339186", "--features 3", r"0\.0339182\d* .*0\.0339185"),
    ("0.079128135372 ≤ min 5 L₁ ≤ 0.079128135373", "certify --features 5", r"pentagon .* \[0\.079128135372\d*, 0\.079128135372"),
    ("0.28915425618 ≤ min 6 L₁ ≤ 0.28915425619", "certify --features 6", r"hexagon .* \[0\.28915425618\d*, 0\.28915425618"),
    ("0.28915425618 ≤ min 6 L₁ ≤ 0.28915425619", "certify --check", r"hexagon .* \[0\.28915425618"),
    ("every sparsity from 0.9956 on", "--stable", r"every sparsity from 0\.9956 on"),
    ("every sparsity from 0.99984 on", "--unique", r"exactly one global minimum.* from 0\.99984 on"),
    ("[0.011, 0.012] for I = ½", "0:0.03:31", r"0\.5 +0\.1 +0\.011 +0\.012\n"),
    ("[0.025, 0.026] for I = 1", "0:0.03:31", r" 1 +0\.1 +0\.025 +0\.026\n"),
    ("[0.023, 0.024] for I = 2", "0:0.03:31", r" 2 +0\.1 +0\.023 +0\.024\n"),
    ("still a pair at p = 0.9", "--densities 0.9", r" 1 +0\.9 +0 +antipodal "),
    ("between 0.18 and 0.185 (published", "--densities 0.18,0.185", r" 0\.18 +0 +antipodal .*\n.* 0\.185 +0 +drop "),
    ("it has |w₂| = 0.054", "--importances 0.744", r"columns\": \[\s*1\.0058\d*,\s*-0\.0543\d*"),
    ("all other phases are excluded", "certify --check phases", r"32 points is proven: .* antipodal\."),
    ("| 5 | 1.000003 | 0.0018", "n5_m2", r"coulomb .* 1\.000003 +0\.00178 "),
    ("| 15 | 1.0020 | 0.41", "n20_m5", r"coulomb .* 1\.00196\d* +0\.409 "),
    ("| 80 | 1.0003 | about 0.7", "n80_m20", r"coulomb .* 1\.0002[78]\d* +0\.[67]\d* "),
    ("has several per cent more energy", "match atlas.h5", r"coulomb .* 1\.0[2-9]\d* +0\.[34]"),
    ("is the icosahedron", "match atlas.h5", r"12 columns in 3 dimensions(?s:.){0,150}coulomb .* 1 +\S+e-"),
    ("exactly twelve of 13", "match atlas.h5", r"12 columns in 3 dimensions\nleft out: 1 column"),
    ("but for 0.0025", "match atlas.h5", r"coulomb .* 1\.0000\d* +0\.0024\d*|coulomb .* 1\.0000\d* +0\.0025"),
    ("regular polygons to 10⁻⁷", "match circle.h5", r"7 columns in 2 dimensions\nleft out: 1 column(?s:.){0,250}coulomb .* 1 +\S+e-.*7-gon"),
    ("10 % above the triangle's energy", "match circle.h5", r"3 columns in 2 dimensions(?s:.){0,200}coulomb .* 1\.10517"),
    ("a hexagon at .05, a pentagon at .2", "sweep data/plans/atlas_circle", r"8 +2 +0\.05 +1 +exact .* 6 x 0\.33\n(?s:.)* 8 +2 +0\.2 +1 +exact .* 5 x 2/5\n"),
    ("than 75 % of its size", "linear moments", r"0\.1 +1e\+08 +0\.7462 .*"),
    ("the floor is 7.5 %", "linear moments", r"0\.01 +1e\+06 +0\.07462 +0\.01667 +0\.07646"),
    ("it is 0.75 %", "linear moments", r"0\.001 +1e\+08 +0\.007462"),
    ("samples still leave 0.86 %", "linear moments", r"0\.001 +1e\+08 +0\.007462 +0\.00\d+ +0\.00864"),
    ("samples of a typical run it is 44 %", "linear moments", r"0\.001 +1e\+04 .*0\.4357 "),
    ("reach the minimum 6", "--scale 0.3", r"gradient +[\d.]+ +6 "),
    ("end at a hexagon, L = 0.00229227", "density 0.001 --starts 50", r"loss +0\.0022922(?s:.)*6 x 0\.33"),
    ("the heptagon, L = 0.00225631", "-o twelve.h5", r"loss +0\.00225630(?s:.)*7 x 0\.29(?s:.)*best minimum was found by"),
    ("half the rank, 8.5", "-o six_spectrum.h5", r"instance 0: minimum(?s:.){0,200}e-\d+ 0\.0013 (?s:.)*learning coefficient 8\.5"),
    ("One is 0, since turning the hidden space", "-o six_spectrum.h5", r"18 eigenvalues(?s:.)*1 flat direction: orbit"),
    ("ends at a minimum, L = 0.0937560", "newton", r"loss +0\.0937560(?s:.)*second order +minimum"),
    ("52 ended in the pair, and the 95 % interval is 0.418 to 0.621", "basins", r"0\.520000  0\.417790 to 0\.620995 +0\.00331948"),
    ("wins in 0.72 of the flows", "basins", r"0\.720000 .* 0\.0246666(?s:.)*0\.280000"),
    ("L = 0.00000 (exclusive pairs)", "exclusive(0,1)", r"loss +\d\.\d+e-1[1-9] "),
    ("0.0016599 (pairs together)", "together(0,1)", r"loss +0\.0016599"),
    ("0.0016637 (independent features", "--starts 5", r"loss +0\.00166366"),
    ("(L = 0.0795881, and", "0.2 --starts 6", r"loss +0\.07958805(?s:.)*5 x 2/5"),
    ("(L = 0.1665657, and", "uniform:0.5,1", r"loss +0\.16656566(?s:.)*4 x 1/2"),
    ("come to L = 0.0040 or 0.0041", "--untied --starts 6", r"loss +0\.004[01]"),
    ("four starts has L = 0.0937560", "-o tied.h5", r"loss +0\.0937560"),
    ("come to L = 0.054 (three", "--init untie.h5", r"loss +0\.05(3[5-9]|4[0-4])"),
    ("three starts: L = 0.0649206", "zipf:1:0.3", r"loss +0\.0649206"),
    ("it stops anywhere", "--scale 0.3", r"encoder +[\d.]+ +9\.35"),
    ("| 2000 | 7.98 | 2.66 | 6895 | 28.6 ± 0.7 |", "-o words_run.h5", r"loss 6894\.[67](?s:.)*: 28\.6\d* \+- 0\.7"),
    ("active in 99.9 % of the inputs", "-o words_run.h5", r"false activation +\S+ +\S+ +0\.999"),
    ("has a cosine of 0.77", "-o words_run.h5", r"nearest +\S+ +\S+ +0\.77\d* (?s:.)*random directions +\S+ +\S+ +0\.349"),
    ("part comes from nine (14.7 %)", "-o words_run.h5", r"\n +9 +1012\.\d+ +14\.68%"),
    ("*so*, *even*, *not*, *but*", "-o words_run.h5", r"\nso +(?s:.)*\neven +(?s:.)*\nnot +(?s:.)*\nbut "),
    ("a loss of 2.644", "--fit-thresholds", r"loss 2\.644"),
    ("at most 0.00064 of the inputs", "--fit-thresholds", r"recall +\S+ +\S+ +\S+ +0\.00063\d"),
    ("best thresholds come to 0.795 ± 0.013", "--fit-thresholds", r"random directions: 0\.79[45]\d* \+- 0\.013"),
)


def text():
    return text_of("analysis/answers.md")


def commands():
    blocks = [code for language, code in blocks_of("analysis/answers.md") if language == "sh"]
    return [line for block in blocks for line in block.splitlines() if line.strip()]


class Answers(TypedLines):
    def test_every_command_runs_and_prints_what_is_stated(self):
        for short, name, features in (("atlas_short", "atlas", "[4, 8, 12, 13]"),
                                      ("circle_short", "atlas_circle", "[3, 8]")):
            plan = (SOURCE / f"data/plans/{name}.toml").read_text(encoding="utf-8")
            plan = re.sub(r"features = .*", f"features = {features}", plan)
            plan = plan.replace("starts = 50", "starts = 12").replace("starts = 4\n", "starts = 1\n")
            (self.folder / f"{short}.toml").write_text(plan, encoding="utf-8")
        self.type_in("sh", re.search(r"`(export .*?)`", text())[1])
        outputs = {}
        for command in commands():
            short = command
            for long, shorter in SHORTER.items():
                short = short.replace(long, shorter)
            with self.subTest(command=command):
                outputs[command] = self.type_in("sh", short)
                self.assert_pictures(command)
        words = " ".join(text().split())
        for statement, part, number in STATED:
            with self.subTest(statement=statement):
                self.assertIn(statement, words)
                found = [output for command, output in outputs.items() if part in command]
                self.assertTrue(any(re.search(number, output) for output in found), found)

    def test_every_long_command_is_still_there(self):
        for long in SHORTER:
            self.assertIn(long, text())

    def test_every_figure_is_there(self):
        for name in re.findall(r"\]\((figures/[^)]+)\)", text()):
            self.assertTrue((SOURCE / "analysis" / name).exists(), name)


if __name__ == "__main__":
    unittest.main()
