"""What every Python process of .venv finds in its environment: ``scripts/setup`` has it run before any library is imported.

What the environment says already goes before it.
"""

import os
import sys
from pathlib import Path

KERNELS = (
    ("SkylakeX", {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}),
    ("Haswell", {"avx2", "fma"}),
)
"""OpenBLAS's kernels, the quickest first, and the instructions that each needs of the processor."""


def kernel(cpuinfo: str) -> "str | None":
    """The quickest of the kernels that a processor can run; None where it can run neither.

    ``cpuinfo`` is Linux's /proc/cpuinfo, in which an x86 processor names its instructions after "flags".
    """
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    flags = next((set(told.split()) for name, _, told in lines if name.strip() == "flags"), set())
    return next((name for name, needed in KERNELS if needed <= flags), None)


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:  # not Linux
        return ""


# Rasa reports to its makers unless it is told not to, and beside the newer sentry-sdk it could not even start.
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

# The OpenBLAS inside numpy 1.23 takes a processor that is newer than itself for one of 2004 and multiplies without AVX,
# five times slower (docs/architecture.md).
if sys.platform == "linux" and "OPENBLAS_CORETYPE" not in os.environ:
    found = kernel(_cpuinfo())
    if found:
        os.environ["OPENBLAS_CORETYPE"] = found
