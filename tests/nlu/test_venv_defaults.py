"""numpy multiplies with the instructions that the processor has, also on one that is newer than numpy's OpenBLAS."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "venv_defaults.py"
MULTIPLIES = "import json, numpy, threadpoolctl; print(json.dumps(threadpoolctl.threadpool_info()))"


def cpuinfo(flags: str) -> str:
    return f"processor\t: 0\nmodel name\t: Some Processor\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n"


@pytest.mark.parametrize(
    ("told", "kernel"),
    [
        (cpuinfo("fpu sse2 avx avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl amx_tile"), "SkylakeX"),
        (cpuinfo("fpu sse2 avx avx2 fma avx512f avx512cd"), "Haswell"),
        (cpuinfo("fpu sse2 avx2"), None),
        ("processor : 0\nFeatures : fp asimd\n", None),
        ("", None),
    ],
)
def test_the_quickest_kernel_that_the_processor_can_run(told: str, kernel: str | None) -> None:
    assert runpy.run_path(str(SCRIPT))["kernel"](told) == kernel


def test_every_process_of_this_environment_has_it() -> None:
    file = Path("/proc/cpuinfo")
    kernel = runpy.run_path(str(SCRIPT))["kernel"](file.read_text()) if file.exists() else None
    if kernel is None:
        pytest.skip("This processor runs none of the kernels that scripts/venv_defaults.py chooses from.")
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    said = subprocess.run(
        [sys.executable, "-c", MULTIPLIES], env=environment, capture_output=True, text=True, check=True
    ).stdout
    architectures = {one["architecture"] for one in json.loads(said) if one["internal_api"] == "openblas"}
    assert architectures == {kernel}


def test_what_the_environment_says_goes_before_it() -> None:
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem", "RASA_TELEMETRY_ENABLED": "true"}
    asked = "import os; print(os.environ['OPENBLAS_CORETYPE'], os.environ['RASA_TELEMETRY_ENABLED'])"
    said = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["Nehalem", "true"]
