"""On the Python path of a Rasa process under test: makes the custom actions fail on certain messages.

Python imports a module of this name by itself at the start. It waits for ``rasa_sdk.executor`` and wraps its ``run``, the
place through which Rasa runs any custom action, so the fault is a real exception in a real action call.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from importlib.abc import MetaPathFinder
from typing import Any

RAISE = "break the action"
STALL = "stall the action"


class Breaker(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "rasa_sdk.executor":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        load = spec.loader.exec_module

        def load_and_break(module: Any) -> None:
            load(module)
            module.ActionExecutor.run = broken(module.ActionExecutor.run)

        spec.loader.exec_module = load_and_break  # type: ignore[method-assign]
        return spec


def broken(run: Any) -> Any:
    async def run_or_fail(self: Any, call: dict[str, Any]) -> Any:
        text = (call["tracker"].get("latest_message") or {}).get("text") or ""
        if RAISE in text:
            raise RuntimeError(f"an action failed on: {text}")
        if STALL in text:
            await asyncio.sleep(60)
        return await run(self, call)

    return run_or_fail


sys.meta_path.insert(0, Breaker())
