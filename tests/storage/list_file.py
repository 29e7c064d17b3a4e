"""Prints the root attributes by name, then groups and datasets in the order of creation."""
import sys

import h5py

with h5py.File(sys.argv[1]) as f:
    for name in sorted(f.attrs):
        print("@" + name)
    root = f["/"]  # unlike f itself, this knows the order of creation
    for group in root:
        print("/" + group)
        for name in root[group]:
            print(f"/{group}/{name} {root[group][name].dtype}")
