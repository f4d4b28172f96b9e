#!/usr/bin/env python3
"""Adapt the sentence encoder to what patients say of their skin: makes ``data/nlu_encoder_difference.npz``.

The published encoder puts "stuff came out" near "something came out of the post". This script teaches it which messages
speak of the same finding, with the examples of ``data/nlu/findings`` (and plain questions as "none of them"). The weights
themselves stay as published. What is learned is a difference of low rank (LoRA) for every dense layer of the
transformer: two thin matrices each, 0.9 MB together, kept in float16. ``aftercare.nlu.encoder.load_adapted_encoder``
adds their product to the weights.

It is run by hand, not at set-up and not by ``rasa train``: it needs PyTorch, which does not fit beside Rasa, and some
minutes. Run it again when the examples have grown by a third or so; in between ``rasa train`` learns from new examples
on top of the encoder as it is.

    python3.11 -m venv torchenv
    torchenv/bin/pip install torch==2.13.0 numpy pyyaml safetensors tokenizers
    torchenv/bin/python scripts/adapt_encoder.py

One text in five (``is_kept_back``, by the hash of its words) is never shown to the encoder: the thresholds of the
findings detector are set on those, since on texts that it has seen the encoder does better than on a patient's.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml
from safetensors.torch import load_file
from tokenizers import BertWordPieceTokenizer
from torch import Tensor, nn
from torch.nn import functional

PROJECT = Path(__file__).resolve().parents[1]
LAYERS, HEADS, WIDTH = 6, 12, 384
ADAPTED = (2, 3, 4, 5)
"""Layers, counted from 0. The first two know words, which need no adapting, and passing back through them costs time."""
MAX_TOKENS = 72
DENSE = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
FOLDERS = ("findings", "topics")
MAY_HOLD_FINDINGS = {"report", "diagnosis", "is_normal", "when_to_worry"}
"""Intents whose examples may speak of findings that nobody labelled: no use as "none of them"."""
KEPT_BACK = 5
JOINED = 0.3
"""Share of the texts that are shown joined to another one: patients say several things in one message."""
WORDS_LEFT_OUT = 0.1
"""Share of the words left out of what is shown, so that whole messages cannot be learned by heart."""
SHARPNESS = 20.0
LABEL_WEIGHT_OF_POSITIVES = 3.0
OTHERS_WEIGHT = 0.5
"""Of "about none of the others" where a text is known to be about one: messages say more than their author listed."""


class Example(NamedTuple):
    text: str
    finding: int
    """Index of the finding (or topic) that the text is about, or -1."""
    lookalike_of: int
    """Index of the one that it only looks like, or -1."""
    topics_labelled: bool = True
    """Whether it is known that it is about no (other) topic."""


def is_kept_back(text: str) -> bool:
    """The same rule as in ``aftercare.nlu.findings_model``."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % KEPT_BACK == 0


def listed(block: str | None) -> list[str]:
    lines = (line.strip() for line in (block or "").splitlines())
    return [line[2:].strip() for line in lines if line.startswith("- ")]


def read_examples(data: Path) -> tuple[list[str], int, list[Example]]:
    """The names, the findings before the topics; how many of them are findings; all examples."""
    examples: list[Example] = []
    names: list[str] = []
    findings = 0
    for folder in FOLDERS:
        for path in sorted((data / folder).glob("*.yml")):
            file = yaml.safe_load(path.read_text(encoding="utf-8"))
            number = len(names)
            names.append(file["finding"])
            for key in ("examples", "mentions"):
                examples += [Example(text, number, -1) for text in listed(file.get(key))]
            examples += [Example(text, -1, number) for text in listed(file.get("lookalikes"))]
        findings = findings or len(names)
    for path in sorted(data.glob("*/*.yml")):
        if path.parent.name in FOLDERS:
            continue
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block["intent"] not in MAY_HOLD_FINDINGS:
                examples += [Example(text, -1, -1, topics_labelled=False) for text in listed(block["examples"])]
    return names, findings, examples


class Adapted(nn.Module):
    """A dense layer with fixed weights and a learned difference of low rank."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        outputs, inputs = weight.shape
        self.down = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        self.dropout = nn.Dropout(0.1)
        self.scale = 2.0

    def forward(self, rows: Tensor) -> Tensor:
        learned = functional.linear(self.dropout(functional.linear(rows, self.down)), self.up)
        return functional.linear(rows, self.weight, self.bias) + self.scale * learned


class Bert(nn.Module):
    """The forward pass of MiniLM; the same as ``aftercare.nlu.encoder``, but differentiable and with padding."""

    def __init__(self, weights: Path, rank: int) -> None:
        super().__init__()
        tensors = load_file(weights)
        self.tensors = tensors
        self.dense = nn.ModuleDict(
            {
                f"{layer}.{name}".replace(".", "_"): Adapted(
                    tensors[f"encoder.layer.{layer}.{name}.weight"],
                    tensors[f"encoder.layer.{layer}.{name}.bias"],
                    rank,
                )
                for layer in ADAPTED
                for name in DENSE
            }
        )

    def _dense(self, layer: int, name: str, rows: Tensor) -> Tensor:
        if layer in ADAPTED:
            result: Tensor = self.dense[f"{layer}.{name}".replace(".", "_")](rows)
            return result
        fixed = f"encoder.layer.{layer}.{name}"
        return functional.linear(rows, self.tensors[f"{fixed}.weight"], self.tensors[f"{fixed}.bias"])

    def _norm(self, rows: Tensor, name: str) -> Tensor:
        return functional.layer_norm(
            rows, (WIDTH,), self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"], 1e-12
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Mean over the tokens of the last layer, of length 1."""
        texts, length = ids.shape
        embedded = (
            self.tensors["embeddings.word_embeddings.weight"][ids]
            + self.tensors["embeddings.position_embeddings.weight"][:length]
            + self.tensors["embeddings.token_type_embeddings.weight"][0]
        )
        tokens = self._norm(embedded, "embeddings.LayerNorm")
        hidden = torch.where(mask, 0.0, -1e9)[:, None, None, :]
        for layer in range(LAYERS):
            split = [
                self._dense(layer, f"attention.self.{part}", tokens).view(texts, length, HEADS, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            ]
            attended = functional.scaled_dot_product_attention(*split, attn_mask=hidden)
            attended = attended.transpose(1, 2).reshape(texts, length, WIDTH)
            tokens = self._norm(
                tokens + self._dense(layer, "attention.output.dense", attended),
                f"encoder.layer.{layer}.attention.output.LayerNorm",
            )
            wide = functional.gelu(self._dense(layer, "intermediate.dense", tokens))
            tokens = self._norm(
                tokens + self._dense(layer, "output.dense", wide), f"encoder.layer.{layer}.output.LayerNorm"
            )
        weights = mask[..., None].float()
        return functional.normalize((tokens * weights).sum(1) / weights.sum(1), dim=-1)


def batches(
    examples: Sequence[Example], names: int, findings: int, size: int, chance: random.Random
) -> Iterator[tuple[list[str], Tensor, Tensor]]:
    """Texts, labels and weights of labels, in batches of like length. Some texts are joined to another one."""
    shown = []
    for example in examples:
        parts = [example]
        if chance.random() < JOINED:
            parts.append(chance.choice(examples))
            chance.shuffle(parts)
        text = chance.choice((", ", ". ", " ", " and ", "\n")).join(part.text for part in parts)
        words = [word for word in text.split() if chance.random() >= WORDS_LEFT_OUT]
        shown.append((" ".join(words) or text, parts))
    shown.sort(key=lambda one: len(one[0]) + chance.random() * 20)
    groups = [shown[start : start + size] for start in range(0, len(shown), size)]
    chance.shuffle(groups)
    for group in groups:
        labels = torch.zeros(len(group), names)
        weights = torch.ones(len(group), names)
        for row, (_, parts) in enumerate(group):
            for part in parts:
                if part.finding >= 0:
                    weights[row] *= OTHERS_WEIGHT
                if not part.topics_labelled:
                    weights[row, findings:] = 0.0
            for part in parts:
                if part.lookalike_of >= 0:
                    weights[row, part.lookalike_of] = 3.0
            for part in parts:
                if part.finding >= 0:
                    labels[row, part.finding] = 1.0
                    weights[row, part.finding] = LABEL_WEIGHT_OF_POSITIVES
        yield [text for text, _ in group], labels, weights


def train(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    chance = random.Random(1)
    names, findings, examples = read_examples(PROJECT / "data" / "nlu")
    seen = [example for example in examples if not is_kept_back(example.text)]
    print(
        f"{findings} findings, {len(names) - findings} topics, {len(seen)} texts, {len(examples) - len(seen)} kept back",
        flush=True,
    )
    tokenizer = BertWordPieceTokenizer(str(arguments.encoder / "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    model = Bert(arguments.encoder / "model.safetensors", arguments.rank)
    if arguments.start:
        resume(model, arguments.start)
    head = nn.Linear(WIDTH, len(names))
    nn.init.normal_(head.weight, std=WIDTH**-0.5)
    nn.init.constant_(head.bias, -4.0)
    groups = [
        {"params": list(model.parameters()), "lr": arguments.rate},
        {"params": list(head.parameters()), "lr": 1e-2, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = arguments.epochs * -(-len(seen) // arguments.batch)
    warm = steps // 20 + 1
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.02, (steps - step) / (steps - warm)))
    )
    started = time.monotonic()
    for epoch in range(arguments.epochs):
        losses = []
        for texts, labels, weights in batches(seen, len(names), findings, arguments.batch, chance):
            encoded = tokenizer.encode_batch(texts)
            ids = torch.tensor([one.ids for one in encoded])
            mask = torch.tensor([one.attention_mask for one in encoded]).bool()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                vectors = model(ids, mask)
            logits = functional.linear(vectors.float() * SHARPNESS, head.weight, head.bias)
            loss = functional.binary_cross_entropy_with_logits(logits, labels, weights, reduction="sum") / len(texts)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {time.monotonic() - started:.0f} s", flush=True)
        save(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.2f} MB")


def resume(model: Bert, path: Path) -> None:
    """Go on from a saved difference of the same rank: half the epochs do."""
    with np.load(path) as arrays:
        for layer in ADAPTED:
            for name in DENSE:
                dense = model.dense[f"{layer}.{name}".replace(".", "_")]
                down, up = (
                    torch.from_numpy(arrays[f"{layer}.{name}.{part}"].astype(np.float32)) for part in ("down", "up")
                )
                dense.down.data, dense.up.data = down, up / dense.scale


def save(model: Bert, path: Path) -> None:
    """``<layer>.<dense layer>.down`` and ``.up``; the difference of the weight is up @ down."""
    arrays = {}
    for layer in ADAPTED:
        for name in DENSE:
            dense = model.dense[f"{layer}.{name}".replace(".", "_")]
            arrays[f"{layer}.{name}.down"] = dense.down.detach().numpy().astype(np.float16)
            arrays[f"{layer}.{name}.up"] = (dense.scale * dense.up.detach()).numpy().astype(np.float16)
    np.savez_compressed(path, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, default=PROJECT / "var" / "encoder", help="folder of the weights")
    parser.add_argument("--output", type=Path, default=PROJECT / "data" / "nlu_encoder_difference.npz")
    parser.add_argument("--start", type=Path, help="a difference of this script to go on from")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--threads", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
