"""Draws a run file, or prints it as text."""

import argparse
import sys

import matplotlib
import matplotlib.pyplot as plt

from . import (atlas, basins, certified, coherence, columns, comparison, conjecture, contributions, data,
               dictionary, dimensionality, errors, excess, flow, frontier, moments, open, phases, polygons, selection, spectrum,
               style, summary, sweep, training)

EPILOG = """examples:
  python3 -m skeleta_analysis contributions run.h5 -o contributions.png
  python3 -m skeleta_analysis columns run.h5 --instance 3 -o columns.svg
  python3 -m skeleta_analysis comparison a.h5 b.h5 c.h5 -o comparison.pdf
  python3 -m skeleta_analysis summary run.h5
"""
# name: (how it is drawn, what it shows)
FIGURES = {
    "contributions": (contributions, "loss by number of active features"),
    "columns": (columns, "columns of W as arrows, on a sphere or as a table, and their Gram matrix"),
    "dimensionality": (dimensionality, "feature dimensionalities beside those of known polytopes"),
}
# name: (how it is drawn, what it shows, of which kind of file)
WHOLE = {
    "training": (training, "objective of each start against its steps", "train"),
    "sweep": (sweep, "loss and D* of a sweep against density", "sweep"),
    "phases": (phases, "phase diagram of two features in one dimension", "sweep"),
    "flow": (flow, "loss and modes of flows of the linear model", "linear flow"),
    "dictionary": (dictionary, "interference and loss of a dictionary's features, and who disturbs whom", "dictionary"),
    "spectrum": (spectrum, "eigenvalues of the Hessian: what each model is, and how flat the loss is there", "spectrum"),
    "moments": (moments, "distance of sparse data's second moment to the identity", "linear moments"),
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python3 -m skeleta_analysis", description=__doc__,
                                  epilog=EPILOG, formatter_class=argparse.RawTextHelpFormatter)
    commands = top.add_subparsers(dest="command", required=True, metavar="FIGURE")
    for name, (_, text) in FIGURES.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("run", help="run file")
        command.add_argument("--instance", type=int,
                             help="number of the instance in the model file; without it the first "
                                  "one, or all where they fit into one picture")
        add_output(command)
    for name, (_, text, kind) in WHOLE.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("run", help=f"file of `skeleta {kind}`")
        add_output(command)
    command = commands.add_parser("data", help="densities, laws of values and groups of the features")
    command.add_argument("run", help="run file of any command that has a model")
    add_output(command)
    command = commands.add_parser("comparison", help="losses of several runs, and what they consist of")
    command.add_argument("run", nargs="+", help="run files")
    add_output(command)
    command = commands.add_parser("excess", help="what training on Q1 alone costs, against density")
    command.add_argument("run", nargs="+", help="files of `skeleta approximate --train --sparsities`")
    add_output(command)
    command = commands.add_parser("frontier", help="what a cap of the coherence costs")
    command.add_argument("run", nargs="+", help="files of `skeleta train --coherence-cap`")
    add_output(command)
    command = commands.add_parser("coherence", help="what a penalty on interference does to the coherence")
    command.add_argument("run", nargs="+", help="files of `skeleta train --interference`")
    add_output(command)
    command = commands.add_parser("basins", help="which minima gradient flow selects, and how often")
    command.add_argument("run", nargs="+", help="files of `skeleta basins`")
    add_output(command)
    command = commands.add_parser("selection", help="what decides which minimum of two features a gradient flow selects")
    command.add_argument("run", nargs="+", help="files of `skeleta basins --features 2 --hidden 1`")
    add_output(command)
    command = commands.add_parser("certified", help="certified phases of two features in one dimension")
    command.add_argument("run", help="certificate of `skeleta certify --phases -o`")
    add_output(command)
    command = commands.add_parser("conjecture", help="proven least losses of columns on axes, beside a conjecture")
    command.add_argument("run", nargs="+", help="what `skeleta certify --axis-columns --json` printed")
    add_output(command)
    command = commands.add_parser("polygons", help="where the columns of the best models are proven to be")
    command.add_argument("run", nargs="+", help="certificates of `skeleta certify --features 5 --hidden 2 -o`")
    add_output(command)
    command = commands.add_parser("errors", help="errors of exact numbers by what is extreme of a model")
    command.add_argument("run", help="table of errors: data/errors.csv")
    add_output(command)
    command = commands.add_parser("atlas", help="minimisers of a sweep beside Thomson's problem")
    command.add_argument("run", help="file of `skeleta sweep`")
    command.add_argument("match", help="file of `skeleta thomson match` of it, --instance all")
    add_output(command)
    commands.add_parser("summary", help="everything in the file, as text").add_argument("run")
    return top


def add_output(command) -> None:
    command.add_argument("-o", "--output", required=True, help="picture: .png, .svg or .pdf")


def execute(options) -> None:
    if options.command == "summary":
        print(summary(open(options.run)), end="")
    elif options.command in WHOLE:
        draw, _, kind = WHOLE[options.command]
        write(draw(open_kind(options.run, f"skeleta {kind}")), options.output)
    elif options.command == "data":
        write(data(open(options.run)), options.output)
    elif options.command == "excess":
        write(excess([open_kind(path, "skeleta approximate") for path in options.run]),
              options.output)
    elif options.command == "frontier":
        write(frontier([open_kind(path, "skeleta train") for path in options.run]), options.output)
    elif options.command == "coherence":
        write(coherence([open_kind(path, "skeleta train") for path in options.run]), options.output)
    elif options.command == "certified":
        write(certified(options.run), options.output)
    elif options.command == "conjecture":
        write(conjecture(options.run), options.output)
    elif options.command == "polygons":
        write(polygons(options.run), options.output)
    elif options.command == "errors":
        write(errors(options.run), options.output)
    elif options.command == "basins":
        write(basins([open_kind(path, "skeleta basins") for path in options.run]), options.output)
    elif options.command == "selection":
        write(selection([open_kind(path, "skeleta basins") for path in options.run]), options.output)
    elif options.command == "atlas":
        write(atlas(open_kind(options.run, "skeleta sweep"),
                    open_kind(options.match, "skeleta thomson match")), options.output)
    elif options.command == "comparison":
        write(comparison([open_kind(path) for path in options.run]), options.output)
    else:
        draw = FIGURES[options.command][0]
        write(draw(open_kind(options.run), options.instance), options.output)


def open_kind(path, kind="skeleta estimate"):
    """The run file, which must be of this kind."""
    run = open(path)
    if run.attributes["filetype"] != kind:
        raise ValueError(f"{path}: is a '{run.attributes['filetype']}' file, but a '{kind}' file is "
                         "needed")
    return run


def write(figure, path) -> None:
    style.save(figure, path)
    plt.close(figure)


def main(arguments=None) -> int:
    options = parser().parse_args(arguments)
    matplotlib.use("Agg")
    try:
        execute(options)
    except (OSError, ValueError) as error:
        print(f"skeleta_analysis: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
