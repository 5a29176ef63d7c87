"""Perceptual hashes of Python's ImageHash, for the tests of lib/neighbours."""

import imagehash
import numpy as np
import seeded
import testdata
from PIL import Image

hashes = []
for i in range(6):
    blocks = seeded.uniform(f"phash {i}", (8, 8), 0, 255)
    grey = Image.fromarray(np.round(blocks.repeat(32, axis=0).repeat(32, axis=1)).astype(np.uint8))
    hashes.append(str(imagehash.phash(grey, hash_size=8, highfreq_factor=8)))
testdata.write("lib/neighbours/testdata/phash.json", hashes)
