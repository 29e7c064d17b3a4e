"""Prints every number of a run or model file, or of the datasets named, as JSON: {path: {shape, values}}; NaN and Inf
are null: dump.py FILE [PATH...]."""

import json
import sys

import h5py
import numpy as np


def dump(path, wanted):
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and (not wanted or "/" + name in wanted):
            values = [float(x) if np.isfinite(x) else None for x in item[...].ravel().astype(float)]
            found["/" + name] = {"shape": item.shape, "values": values}

    with h5py.File(path) as file:
        file.visititems(visit)
        attributes = {name: value for name, value in file.attrs.items() if isinstance(value, str)}
    return {"datasets": found, "attributes": attributes}


print(json.dumps(dump(sys.argv[1], sys.argv[2:])))
