"""Writes dictionaries as Python's tools write them into a folder: make_dictionaries.py FOLDER."""
import json
import struct
import sys

import h5py
import numpy as np
import torch

folder = sys.argv[1]
D, d = 7, 3
W = np.array([[0.25 * ((7 * j + 5 * k) % 23) - 2.5 for k in range(d)] for j in range(D)], "f4")
b = 0.125 * np.arange(D)

with h5py.File(f"{folder}/model.h5", "w") as f:  # of this program: tied
    f["W"], f["b"], f["density"] = W.T.astype("f8"), -b, 0.125
with h5py.File(f"{folder}/untied.h5", "w") as f:
    f["W_in"], f["W_out"], f["bias"], f["jump"] = W.T, 2 * W, b, b
with h5py.File(f"{folder}/groups.h5", "w") as f:
    f.create_dataset("sae/decoder/weight", data=W.T, chunks=(2, 2), compression="gzip")
    f["sae/encoder/weight"], f["sae/encoder/bias"] = W, b
with h5py.File(f"{folder}/half.h5", "w") as f:
    f["W_dec"], f["b_enc"] = W.astype("f2"), b.astype(">f4")
    f["W_dec"].attrs["note"] = "half"
with h5py.File(f"{folder}/external.h5", "w") as f:
    f["W"] = h5py.ExternalLink("other.h5", "/W")
with h5py.File(f"{folder}/unwritten.h5", "w") as f:
    f.create_dataset("W", (1000, 100), "f4", chunks=(100, 100))
with h5py.File(f"{folder}/huge.h5", "w") as f:
    f.create_dataset("W", (10**9, 1000), "f4", chunks=(1000, 1000))

np.savez(f"{folder}/stored.npz", W_dec=W, b_enc=b)
np.savez_compressed(f"{folder}/packed.npz", W_dec=W.astype("f2"), b_enc=b)
np.savez_compressed(f"{folder}/big.npz", W_dec=np.asfortranarray(W.astype(">f8")), b_enc=b.astype(">f2"))

halves = torch.tensor(W).to(torch.bfloat16).view(torch.int16).numpy().tobytes()
biases = torch.tensor(b).to(torch.float16).numpy().tobytes()
header = json.dumps({"W_dec": {"dtype": "BF16", "shape": [D, d], "data_offsets": [0, len(halves)]},
                     "b_enc": {"dtype": "F16", "shape": [D],
                               "data_offsets": [len(halves), len(halves) + len(biases)]}}).encode()
with open(f"{folder}/bfloat.safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(header)) + header + halves + biases)

torch.save({"W_dec": torch.tensor(W)}, f"{folder}/saved.pt")
with open(f"{folder}/text.txt", "w") as f:
    f.write("W_dec = 1, 2, 3\n")
