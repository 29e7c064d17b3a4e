"""How far work is: to a function of the caller's, or as a line on a terminal."""

import contextlib
import sys


@contextlib.contextmanager
def listener(progress, drawn):
    """The function to tell, or None: progress itself, or of True one that writes drawn(...) over one line of
    standard error while that is a terminal."""
    if progress is True:
        with bar(drawn) if sys.stderr.isatty() else contextlib.nullcontext() as tell:
            yield tell
    elif progress is None or progress is False or callable(progress):
        yield progress or None
    else:
        raise ValueError(f"progress must be a function, True, False or None, not {progress!r}")


@contextlib.contextmanager
def bar(drawn):
    try:
        yield lambda *state: print("\r\x1b[K" + drawn(*state), end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def line(fraction, words: str) -> str:
    """A bar of how much is done, if that is known, and words."""
    if fraction is None:
        return words
    full = int(24 * min(1.0, fraction))
    return f"[{'#' * full}{'.' * (24 - full)}] {100 * fraction:3.0f} %  {words}"


def of_samples(done, planned, value, standard_error) -> str:
    return line(done / planned if planned else None, f"{done:.3g} samples  {value:.6g} +- {standard_error:.1g}")
