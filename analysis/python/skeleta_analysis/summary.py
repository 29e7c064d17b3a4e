"""Everything in a run file as text that is the same from every reader; analysis/README.md."""

import numpy as np

MOST = 200  # values that are printed in full


def summary(run) -> str:
    """Attributes by name, then datasets by path, their values row-major with 17 digits.

    The time is left out, and `seed`, which not every tool can hold: seed_hex is there. Of more than 200 values the
    first and last 100 are printed.
    """
    lines = [f"{name} {attribute_text(value)}" for name, value in sorted(run.attributes.items())
             if name not in ("seed", "seconds")]
    paths = sorted((f"/{group}/{name}", data) for group, dataset in run.groups.items()
                   for name, data in dataset.variables.items())
    for path, data in paths:
        axes = ", ".join(f"{axis} {size}" for axis, size in zip(data.dims, data.shape))
        lines.append(f"{path} [{axes}] {data.attrs['units']}: {data.attrs['long_name']}")
        lines.append("  " + values_text(data.values.ravel()))
    return "\n".join(lines) + "\n"


def attribute_text(value) -> str:
    if isinstance(value, str):
        return value.replace("\n", "\\n")
    return ".".join(str(int(part)) for part in np.atleast_1d(value))


def values_text(values: np.ndarray) -> str:
    if len(values) > MOST:
        first, last = values[:MOST // 2], values[-MOST // 2:]
        return " ".join([*map(value_text, first), "...", *map(value_text, last)])
    return " ".join(map(value_text, values))


def value_text(value) -> str:
    if isinstance(value, np.floating):
        return "%.17g" % value  # nan, inf and -inf are spelled so
    return str(value)
