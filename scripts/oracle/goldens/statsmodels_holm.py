"""Holm's adjusted p-values of statsmodels, for the tests of lib/metrics."""

import json

import numpy as np
import statsmodels
import testdata
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(14)
CASES = [[0.04], [0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.02, 0.02], [1.0, 0.0, 1.0], [0.3, 0.9, 0.6], rng.random(15) ** 3]

golden = {
    "made_with": f"statsmodels {statsmodels.__version__}",
    "holm": [{"p": list(p), "adjusted": multipletests(p, method="holm")[1].tolist()} for p in CASES],
}
testdata.place("lib/metrics/testdata/holm.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")
