"""python3 -m skeleta_analysis FIGURE run.h5 -o picture.png|svg|pdf"""

import argparse
import sys

from . import style  # noqa: F401  sets the style before pyplot is imported
from . import contributions
from .run_file import read_estimate

import matplotlib.pyplot as plt

FIGURES = {"contributions": contributions.draw}


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m skeleta_analysis", description=__doc__)
    parser.add_argument("figure", choices=sorted(FIGURES))
    parser.add_argument("run", help="run file of `skeleta estimate`")
    parser.add_argument("-o", "--output", required=True, help="picture: .png, .svg or .pdf")
    parser.add_argument("--index", type=int, default=0, help="which run of the file [0]")
    options = parser.parse_args(arguments)
    try:
        run = read_estimate(options.run, options.index)
        figure, axes = plt.subplots()
        FIGURES[options.figure](run, axes)
        figure.savefig(options.output)
    except (OSError, ValueError, IndexError, KeyError) as error:
        print(f"skeleta_analysis: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
