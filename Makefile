# Thin: each target calls a script or the aftercare command. Options go through ARGS: make run ARGS="--port 9000".
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run train quick test evaluate bench clean

bin := .venv/bin

help: ## Tell the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

setup: ## Install everything into .venv
	@scripts/setup

run: setup ## Start the assistant (trains it first where needed); Ctrl-C stops it
	@$(bin)/aftercare up $(ARGS)

train: setup ## Train the language model where data or code have changed
	@$(bin)/aftercare train $(ARGS)

quick: setup ## Static checks and the quick tests, in two to four minutes
	@scripts/check
	@scripts/test -m "not model and not browser and not fault and not slow" $(ARGS)

test: setup ## Static checks and all tests
	@scripts/check
	@$(bin)/aftercare train
	@scripts/test $(ARGS)

evaluate: setup train ## Measure understanding and triage on the held-out messages
	@$(bin)/aftercare evaluate $(ARGS)

bench: setup train ## Measure a turn beside a stock Rasa
	@$(bin)/python -m benchmarks.turn_latency $(ARGS)

clean: ## Remove what was built. Keeps var (patients' data), models and .venv
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .rasa results build *.egg-info
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
