"""How far work is: to a function of the caller's, as a line on a terminal, or as a bar in a notebook."""

import contextlib
import html
import sys
import time


@contextlib.contextmanager
def listener(progress, drawn):
    """The function to tell, or None: progress itself, or of True one that shows drawn(...), a fraction and words,
    below the cell of a notebook, or over one line of standard error while that is a terminal."""
    if progress is True:
        terminal = getattr(sys.stderr, "isatty", lambda: False)()  # it may be None, or anything that writes
        with notebook(drawn) if in_notebook() else bar(drawn) if terminal else contextlib.nullcontext() as tell:
            yield tell
    elif progress is None or progress is False or callable(progress):
        yield progress or None
    else:
        raise ValueError(f"progress must be a function, True, False or None, not {progress!r}")


def in_notebook() -> bool:
    """Does this Python serve a notebook? Its shell, IPython's, has a kernel then."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


@contextlib.contextmanager
def notebook(drawn, seconds=0.1):
    """A bar that is redrawn at most once in so many seconds, and gone at the end."""
    from IPython.display import display

    handle, last = None, -seconds

    def tell(*state):
        nonlocal handle, last
        now = time.monotonic()
        if now < last + seconds:
            return
        last, (fraction, words) = now, drawn(*state)
        known = "" if fraction is None else f' value="{min(1.0, fraction):.3f}"'
        shown = {"text/plain": line(fraction, words),
                 "text/html": f"<progress{known}></progress> {html.escape(words)}"}
        if handle is None:
            handle = display(shown, raw=True, display_id=True)
        else:
            handle.update(shown, raw=True)

    try:
        yield tell
    finally:
        if handle is not None:
            handle.update({"text/plain": "", "text/html": ""}, raw=True)


@contextlib.contextmanager
def bar(drawn):
    try:
        yield lambda *state: print("\r\x1b[K" + line(*drawn(*state)), end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def line(fraction, words: str) -> str:
    """A bar of how much is done, if that is known, and words."""
    if fraction is None:
        return words
    full = int(24 * min(1.0, fraction))
    return f"[{'#' * full}{'.' * (24 - full)}] {100 * fraction:3.0f} %  {words}"


def of_command(fraction, words: str) -> tuple:
    return fraction, words


def of_samples(done, planned, value, standard_error) -> tuple:
    return done / planned if planned else None, f"{done:.3g} samples  {value:.6g} +- {standard_error:.1g}"
