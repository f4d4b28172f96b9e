#!/usr/bin/env python3
"""Adapt the sentence encoder to what patients say of their skin: makes a file of ``data/nlu_encoder``.

The published encoder puts "stuff came out" near "something came out of the post". This script teaches it which messages
speak of the same finding, what they assert of it, and what kind of question a message asks, with the examples of ``data/nlu``.
The weights themselves stay as published. What is learned is a difference of low rank (LoRA) for every dense layer of the
upper transformer layers, two thin matrices each, and the heads of ``aftercare.nlu.finding_heads``: 1 to 2.5 MB together by the
rank, kept in whole numbers of 8 bits. ``aftercare.nlu.encoder_weights`` adds the product of the matrices to the weights. Each
file makes an encoder of its own, and ``aftercare.nlu.finding_heads`` takes the mean of what they hear: another ``--seed`` errs elsewhere.

It is run by hand, not at set-up and not by ``rasa train``: it needs PyTorch, which does not fit beside Rasa, and three
quarters of an hour on two cores. Run it again when the examples have grown by a third or so (``--start`` goes on from the
present file, which takes half the epochs, or one); in between ``rasa train`` learns from new examples on top of the encoder
as it is.

    python3.11 -m venv torchenv
    torchenv/bin/pip install torch==2.13.0 numpy pyyaml safetensors tokenizers
    torchenv/bin/python scripts/adapt_encoder.py --seed 1 --output data/nlu_encoder/1.npz

One text in five (``is_kept_back``, by the hash of its words) is never shown to the encoder: the thresholds of the
findings detector are set on those, since on texts that it has seen the encoder does better than on a patient's.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import string
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml
from safetensors.torch import load_file
from tokenizers import BertWordPieceTokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

PROJECT = Path(__file__).resolve().parents[1]
LAYERS, HEADS, WIDTH = 6, 12, 384
ADAPTED = (1, 2, 3, 4, 5)
"""Layers, counted from 0. The first knows words, which need no adapting, and passing back through it costs time."""
MAX_TOKENS = 96
DENSE = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
MAY_HOLD_FINDINGS = {"report", "diagnosis", "is_normal", "when_to_worry"}
"""Intents whose examples may speak of findings that nobody labelled: no use as "none of them"."""
KEPT_BACK = 5
JOINED, JOINED_COMPLETE = 0.3, 0.12
"""Share of the texts that are shown joined to another one: patients say several things in one message."""
LED_IN = 0.15
"""Share of the whole messages that are shown beside small talk: what is told there counts no less after a long greeting."""
PICTURES = re.compile("[\u2600-\u27bf\u2b50\u2b55\ufe0f\u200d\U0001f000-\U0001faff]")
"""The same as in ``aftercare.nlu.encoder``."""
WORDS_LEFT_OUT, WORDS_MISTYPED = 0.08, 0.05
"""Shares of the words, so that whole messages cannot be learned by heart."""
HIDDEN_LEFT_OUT = 0.1
"""Dropout of what each layer adds and of what the heads read; without it the heads know their examples by heart."""
AVERAGED = 0.999
"""What is saved is a moving average of the weights, with this decay a step: steadier than the last step's."""
MEAN_SCALE, WORD_SCALE = 20.0, 10.0
"""The same as in ``aftercare.nlu.finding_heads``."""
SURE, PERHAPS, UNSURE = 3.0, 0.5, 0.15
"""Weights of a label: one that its author gave; "about none of the others" where a text is known to be about one, since
messages say more than their author listed; and the same for findings that only whole messages are labelled with."""
TOLD_EVERY = 100
"""Steps."""
STANDS = {"present": 1.0, "uncertain": 1.0} | dict.fromkeys(
    ("negated", "historical", "hypothetical", "information", "other_person"), 0.0
)
NOT_STANDING_WEIGHT, LISTED_AS_STANDING_WEIGHT = 2.0, 0.25
ASSERTIONS = (
    "present", "uncertain", "resolving", "negated", "historical", "hypothetical", "information", "other_person", "idiom",
)  # fmt: skip
"""In the order of ``heads.assertion_*``; the names of ``aftercare.nlu.finding_examples``."""
RARE = 0.5
"""The power to which the rarity of an assertion weighs: a root, between every label and every kind counting alike."""


@dataclass
class Example:
    """A text with what is known of it: findings and topics that it is about, what it only looks like, whether its list of
    findings is complete, whether topics and findings were labelled at all, what stands, and the kind of question."""

    text: str
    about: set[str] = field(default_factory=set)
    lookalike_of: set[str] = field(default_factory=set)
    stands: dict[str, tuple[float, float]] = field(default_factory=dict)
    asserted: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    topics_labelled: bool = True
    findings_labelled: bool = True
    intent: str | None = None

    @property
    def says_something(self) -> bool:
        """False for small talk: a whole message that speaks of no finding at all."""
        return bool(not self.complete or self.about or self.lookalike_of)


class Labels(NamedTuple):
    """For a batch: what each text is about, what stands, and the weight of each; what is asserted of each finding, and
    the intent; -1 for none."""

    about: Tensor
    about_weight: Tensor
    stands: Tensor
    stands_weight: Tensor
    asserted: Tensor
    intent: Tensor


def is_kept_back(text: str) -> bool:
    """The same rule as in ``aftercare.nlu.findings_model``."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % KEPT_BACK == 0


def listed(block: str | None) -> list[str]:
    lines = (line.strip() for line in (block or "").splitlines())
    return [line[2:].strip() for line in lines if line.startswith("- ")]


class Examples:
    """All of ``data/nlu``, joined by text. ``findings``, then ``topics``, are the columns of the labels."""

    def __init__(self, data: Path) -> None:
        self._by_text: dict[str, Example] = {}
        self.findings = [self._read_finding(path) for path in sorted((data / "findings").glob("*.yml"))]
        of_files = set(self.findings)
        for path in sorted((data / "messages").glob("*.yml")):
            self._read_messages(path)
        self.topics = [self._read_finding(path) for path in sorted((data / "topics").glob("*.yml"))]
        self.only_in_messages = sorted(self._named_in_messages() - of_files - set(self.topics))
        self.findings += self.only_in_messages
        for path in sorted(data.glob("*/*.yml")):
            if path.parent.name not in ("findings", "topics", "messages"):
                self._read_intents(path)
        self.all = list(self._by_text.values())
        self.intents = sorted({one.intent for one in self.all if one.intent})

    def _of(self, text: str) -> Example:
        return self._by_text.setdefault(text, Example(text))

    def _read_finding(self, path: Path) -> str:
        file = yaml.safe_load(path.read_text(encoding="utf-8"))
        name: str = file["finding"]
        for key in ("examples", "mentions"):
            for text in listed(file.get(key)):
                self._of(text).about.add(name)
        if path.parent.name == "findings":
            for text in listed(file["examples"]):
                self._of(text).stands[name] = (1.0, LISTED_AS_STANDING_WEIGHT)
        for text in listed(file.get("lookalikes")):
            self._of(text).lookalike_of.add(name)
        return name

    def _read_messages(self, path: Path) -> None:
        for message in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["messages"]:
            example = self._of(message["text"])
            example.complete, example.topics_labelled = True, False
            example.intent = message.get("intent")
            for name, assertion in message["findings"].items():
                (example.lookalike_of if assertion == "idiom" else example.about).add(name)
                example.asserted[name] = assertion
                if assertion in STANDS:
                    standing = STANDS[assertion]
                    example.stands[name] = (standing, 1.0 if standing else NOT_STANDING_WEIGHT)

    def _named_in_messages(self) -> set[str]:
        return set().union(*(one.about for one in self._by_text.values() if one.complete))

    def _read_intents(self, path: Path) -> None:
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for text in listed(block["examples"]):
                example = self._of(text)
                example.intent, example.topics_labelled = block["intent"], False
                if block["intent"] in MAY_HOLD_FINDINGS and not example.complete:
                    example.findings_labelled = False


class Adapted(nn.Module):
    """A dense layer with fixed weights and a learned difference of low rank."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        outputs, inputs = weight.shape
        self.down = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))
        self.register_buffer("kept", torch.ones(rank))
        self.dropout = nn.Dropout(0.1)
        self.scale = 2.0

    def forward(self, rows: Tensor) -> Tensor:
        kept = self.dropout(self.kept)  # of the rank, for the whole batch: the sum of the weights is made once
        learned = (self.up * (kept * self.scale)) @ self.down
        return functional.linear(rows, self.weight + learned, self.bias)


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
        self.left_out = nn.Dropout(HIDDEN_LEFT_OUT)

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
        """The tokens of the last layer."""
        texts, length = ids.shape
        embedded = (
            self.tensors["embeddings.word_embeddings.weight"][ids]
            + self.tensors["embeddings.position_embeddings.weight"][:length]
            + self.tensors["embeddings.token_type_embeddings.weight"][0]
        )
        tokens = self.left_out(self._norm(embedded, "embeddings.LayerNorm"))
        hidden = torch.where(mask, 0.0, -1e9)[:, None, None, :]
        for layer in range(LAYERS):
            split = [
                self._dense(layer, f"attention.self.{part}", tokens).view(texts, length, HEADS, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            ]
            with sdpa_kernel(SDPBackend.MATH):  # quicker than the flash kernel on texts this short
                attended = functional.scaled_dot_product_attention(*split, attn_mask=hidden)
            attended = attended.transpose(1, 2).reshape(texts, length, WIDTH)
            tokens = self._norm(
                tokens + self.left_out(self._dense(layer, "attention.output.dense", attended)),
                f"encoder.layer.{layer}.attention.output.LayerNorm",
            )
            wide = functional.gelu(self._dense(layer, "intermediate.dense", tokens))
            tokens = self._norm(
                tokens + self.left_out(self._dense(layer, "output.dense", wide)),
                f"encoder.layer.{layer}.output.LayerNorm",
            )
        return self.left_out(tokens)


class FindingHeads(nn.Module):
    """The heads of ``aftercare.nlu.finding_heads``: one of each finding, one of each kind of question (``intent_``)."""

    def __init__(self, findings: int, intents: int) -> None:
        super().__init__()
        self.whole = nn.Parameter(torch.randn(findings, WIDTH) * WIDTH**-0.5)
        self.bias = nn.Parameter(torch.full((findings,), -4.0))
        self.look = nn.Parameter(torch.zeros(findings, WIDTH))
        self.tell = nn.Parameter(torch.randn(findings, WIDTH) * 0.02)
        self.stands_word = nn.Parameter(torch.zeros(WIDTH))
        self.stands_whole = nn.Parameter(torch.zeros(WIDTH))
        self.stands_bias = nn.Parameter(torch.zeros(findings))
        self.assertion_word = nn.Parameter(torch.zeros(len(ASSERTIONS), WIDTH))
        self.assertion_whole = nn.Parameter(torch.zeros(len(ASSERTIONS), WIDTH))
        self.assertion_bias = nn.Parameter(torch.zeros(len(ASSERTIONS)))
        self.intent_whole = nn.Parameter(torch.randn(intents, WIDTH) * WIDTH**-0.5)
        self.intent_bias = nn.Parameter(torch.zeros(intents))
        self.intent_look = nn.Parameter(torch.zeros(intents, WIDTH))
        self.intent_tell = nn.Parameter(torch.randn(intents, WIDTH) * 0.02)

    def forward(
        self, tokens: Tensor, mask: Tensor, pairs: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores of what a text is about, of what stands in it, of the assertion of ``pairs`` (texts, findings), and of its
        intents."""
        shown = mask[..., None].float()
        whole = functional.normalize((tokens * shown).sum(1) / shown.sum(1), dim=-1) * MEAN_SCALE
        words = functional.normalize(tokens, dim=-1) * WORD_SCALE
        attention = (words @ self.look.T).masked_fill(~mask[..., None], -1e9).softmax(1)
        about = whole @ self.whole.T + (attention * (words @ self.tell.T)).sum(1) + self.bias
        said = (attention * (words @ self.stands_word)[..., None]).sum(1)
        stands = said + (whole @ self.stands_whole)[:, None] + self.stands_bias
        texts, findings = pairs
        heard = (attention[texts, :, findings][:, None] @ words[texts])[:, 0]
        asserted = heard @ self.assertion_word.T + whole[texts] @ self.assertion_whole.T + self.assertion_bias
        attention = (words @ self.intent_look.T).masked_fill(~mask[..., None], -1e9).softmax(1)
        asked = whole @ self.intent_whole.T + (attention * (words @ self.intent_tell.T)).sum(1) + self.intent_bias
        return about, stands, asserted, asked


class Batches:
    """Texts and labels in batches of like length. Some texts are joined to another one, some words missing or mistyped."""

    def __init__(self, examples: Examples, size: int, share_of_lists: float, chance: random.Random) -> None:
        self._seen = [one for one in examples.all if not is_kept_back(one.text)]
        self._kept_back = [one for one in examples.all if is_kept_back(one.text) and (one.complete or one.intent)]
        self._lists = [one for one in self._seen if not one.complete and not one.intent]
        self._others = [one for one in self._seen if one.complete or one.intent]
        self._small_talk = [replace(one, intent=None) for one in self._seen if not one.says_something]
        self._share_of_lists = share_of_lists
        self._size = size
        self._chance = chance
        self._column = {name: place for place, name in enumerate((*examples.findings, *examples.topics))}
        self._topics = len(examples.findings)
        self._rarely_labelled = [self._column[name] for name in examples.only_in_messages]
        self._intents = {name: place for place, name in enumerate(examples.intents)}
        self.texts = len(self._seen)

    def __iter__(self) -> Iterator[tuple[list[str], Labels]]:
        lists = self._chance.sample(self._lists, int(len(self._lists) * self._share_of_lists))
        shown = [self._shown(example) for example in (*lists, *self._others)]
        shown.sort(key=lambda one: len(one[0]) + self._chance.random() * 20)
        groups = [shown[start : start + self._size] for start in range(0, len(shown), self._size)]
        self._chance.shuffle(groups)
        for group in groups:
            yield [text for text, _ in group], self._labels([parts for _, parts in group])

    def kept_back(self) -> Iterator[tuple[list[str], Labels]]:
        """Whole messages and questions that are never shown, as they stand."""
        rows = sorted(self._kept_back, key=lambda one: len(one.text))
        for start in range(0, len(rows), self._size):
            group = rows[start : start + self._size]
            yield [one.text for one in group], self._labels([[one] for one in group])

    def __len__(self) -> int:
        return -(-int(len(self._lists) * self._share_of_lists + len(self._others)) // self._size)

    def _shown(self, example: Example) -> tuple[str, list[Example]]:
        parts = [example]
        if example.complete and self._chance.random() < LED_IN:
            parts.insert(self._chance.choice((0, 0, 1)), self._chance.choice(self._small_talk))
        elif self._chance.random() < (JOINED_COMPLETE if example.complete else JOINED):
            parts.append(self._chance.choice(self._seen))
            self._chance.shuffle(parts)
        text = self._chance.choice((", ", ". ", " ", " and ", "\n")).join(part.text for part in parts)
        words = [self._typed(word) for word in text.split() if self._chance.random() >= WORDS_LEFT_OUT]
        return " ".join(words) or text, parts

    def _typed(self, word: str) -> str:
        if len(word) < 4 or self._chance.random() >= WORDS_MISTYPED:
            return word
        place = self._chance.randrange(1, len(word) - 1)
        before, letter, following, rest = word[:place], word[place], word[place + 1], word[place + 2 :]
        return self._chance.choice(
            (
                before + following + rest,
                before + following + letter + rest,
                before + letter + letter + following + rest,
                before + self._chance.choice(string.ascii_lowercase) + following + rest,
            )
        )

    def _labels(self, group: list[list[Example]]) -> Labels:
        shape = (len(group), len(self._column))
        labels = Labels(
            torch.zeros(shape),
            torch.ones(shape),
            torch.zeros(shape),
            torch.zeros(shape),
            torch.full(shape, -1),
            torch.full(shape[:1], -1),
        )
        for row, parts in enumerate(group):
            for part in parts:
                self._weigh(labels.about_weight[row], part)
            for part in parts:
                labels.about_weight[row, [self._column[name] for name in part.lookalike_of]] = SURE
            for part in parts:
                for name in part.about:
                    labels.about[row, self._column[name]], labels.about_weight[row, self._column[name]] = 1.0, SURE
                for name, (standing, weight) in part.stands.items():
                    place = self._column[name]
                    labels.stands[row, place], labels.stands_weight[row, place] = standing, weight
                for name, assertion in part.asserted.items():
                    labels.asserted[row, self._column[name]] = ASSERTIONS.index(assertion)
            asking = [part for part in parts if part.intent or part.says_something]
            if len(asking) == 1 and asking[0].intent:
                labels.intent[row] = self._intents[asking[0].intent]
        return labels

    def _weigh(self, weights: Tensor, part: Example) -> None:
        """What is known of a text that nobody labelled with a finding."""
        if not part.complete:
            weights *= PERHAPS if part.about else 1.0
            weights[self._rarely_labelled] *= UNSURE
        if not part.findings_labelled:
            weights[: self._topics] = 0.0
        if not part.topics_labelled:
            weights[self._topics :] = 0.0


def rarity_of(examples: Examples) -> Tensor:
    """The weight of each of ``ASSERTIONS``."""
    labels = [assertion for one in examples.all for assertion in one.asserted.values()]
    counts = torch.tensor([labels.count(name) for name in ASSERTIONS]).float().clamp(min=1)
    return (counts.max() / counts) ** RARE


def loss_of(scores: tuple[Tensor, Tensor, Tensor, Tensor], labels: Labels, rarity: Tensor) -> Tensor:
    about, stands, asserted, intents = scores
    surprise = functional.binary_cross_entropy_with_logits
    loss = surprise(about, labels.about, labels.about_weight, reduction="sum")
    loss = loss + surprise(stands, labels.stands, labels.stands_weight, reduction="sum")
    if len(asserted):
        known = labels.asserted[labels.asserted >= 0]
        loss = loss + functional.cross_entropy(asserted, known, rarity, reduction="none").sum()
    asked = labels.intent >= 0
    if asked.any():
        loss = loss + 3 * functional.cross_entropy(
            intents[asked], labels.intent[asked], reduction="sum", label_smoothing=0.05
        )
    return loss / len(asked)


def train(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    examples = Examples(PROJECT / "data" / "nlu")
    batches = Batches(examples, arguments.batch, arguments.lists, random.Random(arguments.seed))
    print(
        f"{len(examples.findings)} findings, {len(examples.topics)} topics, {batches.texts} texts, "
        f"{len(examples.all) - batches.texts} kept back",
        flush=True,
    )
    tokenizer = BertWordPieceTokenizer(str(arguments.encoder / "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.enable_padding()
    model = Bert(arguments.encoder / "model.safetensors", arguments.rank)
    names = [*examples.findings, *examples.topics]
    heads = FindingHeads(len(names), len(examples.intents))
    if arguments.start:
        resume(model, heads, names, examples.intents, arguments.start)
    both = nn.ModuleList([model, heads])
    averaged = AveragedModel(both, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
    parameters = list(both.parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": list(model.parameters()), "lr": arguments.rate},
            {"params": list(heads.parameters()), "lr": 1e-2, "weight_decay": 0.0},
        ],
        weight_decay=0.01,
    )
    steps = arguments.epochs * len(batches)
    warm = steps // 20 + 1
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.02, (steps - step) / (steps - warm)))
    )
    started = time.monotonic()

    rarity = rarity_of(examples)

    def loss_in(pair: nn.ModuleList, texts: list[str], labels: Labels) -> Tensor:
        encoded = tokenizer.encode_batch([PICTURES.sub(" ", text) for text in texts])
        ids = torch.tensor([one.ids for one in encoded])
        mask = torch.tensor([one.attention_mask for one in encoded]).bool()
        encoder, of_findings = pair
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bfloat16):
            tokens = encoder(ids, mask)
        asserted = (labels.asserted >= 0).nonzero(as_tuple=True)
        return loss_of(of_findings(tokens.float(), mask, asserted), labels, rarity)

    for epoch in range(arguments.epochs):
        losses = []
        both.train()
        for texts, labels in batches:
            loss = loss_in(both, texts, labels)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
            averaged.update_parameters(both)
            schedule.step()
            losses.append(loss.item())
            if len(losses) % TOLD_EVERY == 0:
                print(f"  {len(losses)} of {len(batches)} steps, {time.monotonic() - started:.0f} s", flush=True)
        averaged.eval()
        with torch.inference_mode():
            unseen = [loss_in(averaged.module, texts, labels).item() for texts, labels in batches.kept_back()]
        print(
            f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, of texts kept back {np.mean(unseen):.3f}, "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
        save(*averaged.module, names, examples.intents, rarity, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.2f} MB")


OF_FINDINGS = ("whole", "bias", "look", "tell", "stands_bias")
OF_ALL = ("stands_word", "stands_whole", "assertion_word", "assertion_whole", "assertion_bias")
OF_INTENTS = ("intent_whole", "intent_bias", "intent_look", "intent_tell")


def save(
    model: Bert, heads: FindingHeads, names: Sequence[str], intents: Sequence[str], rarity: Tensor, path: Path
) -> None:
    """``<layer>.<dense layer>.down`` and ``.up``, whose product is the difference of the weight, and ``heads.<name>``."""
    arrays: dict[str, np.ndarray] = {
        "heads.names": np.array(names),
        "heads.intents": np.array(intents),
        "heads.assertions": np.array(ASSERTIONS),
        "heads.assertion_rarity": rarity.log().numpy(),
    }
    for name in (*OF_FINDINGS, *OF_ALL, *OF_INTENTS):
        arrays[f"heads.{name}"] = getattr(heads, name).detach().numpy()
    for layer in ADAPTED:
        for name in DENSE:
            dense = model.dense[f"{layer}.{name}".replace(".", "_")]
            arrays[f"{layer}.{name}.down"] = dense.down.detach().numpy()
            arrays[f"{layer}.{name}.up"] = (dense.scale * dense.up.detach()).numpy()
    stored = {}
    for name, rows in arrays.items():
        if rows.ndim < 2:
            stored[name] = rows.astype(np.float32) if rows.dtype.kind == "f" else rows
            continue
        scale = np.abs(rows).max(1) / 127 + 1e-12
        stored[name] = np.rint(rows / scale[:, None]).astype(np.int8)
        stored[f"{name}.scale"] = scale.astype(np.float32)
    np.savez_compressed(path, **stored)


def resume(model: Bert, heads: FindingHeads, names: Sequence[str], intents: Sequence[str], path: Path) -> None:
    """Go on from a saved file of at most this rank; layers, findings and intents that it does not know begin anew."""
    with np.load(path) as arrays:

        def rows(name: str) -> Tensor:
            stored = arrays[name].astype(np.float32)
            scale = f"{name}.scale"
            return torch.from_numpy(stored * arrays[scale][:, None] if scale in arrays else stored)

        with torch.no_grad():
            for layer in ADAPTED:
                for name in DENSE:
                    if f"{layer}.{name}.down" not in arrays:
                        continue
                    dense = model.dense[f"{layer}.{name}".replace(".", "_")]
                    down, up = rows(f"{layer}.{name}.down"), rows(f"{layer}.{name}.up")
                    if len(down) > len(dense.down):
                        raise SystemExit(f"{path} has rank {len(down)}: give --rank {len(down)} or more.")
                    dense.down[: len(down)], dense.up[:, : len(down)] = down, up / dense.scale
            for labels, kind, parts in ((names, "names", OF_FINDINGS), (intents, "intents", OF_INTENTS)):
                known = {str(name): place for place, name in enumerate(arrays.get(f"heads.{kind}", ()))}
                ours = [place for place, name in enumerate(labels) if name in known]
                theirs = [known[labels[place]] for place in ours]
                for part in parts if ours else ():
                    getattr(heads, part)[ours] = rows(f"heads.{part}")[theirs]
            for name in OF_ALL:
                if f"heads.{name}" in arrays:
                    getattr(heads, name).copy_(rows(f"heads.{name}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, default=PROJECT / "var" / "encoder", help="folder of the weights")
    parser.add_argument("--output", type=Path, default=PROJECT / "data" / "nlu_encoder" / "1.npz")
    parser.add_argument("--seed", type=int, default=1, help="another one for each file")
    parser.add_argument("--start", type=Path, help="a file of this script to go on from")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument(
        "--lists", type=float, default=1.0, help="share of the texts labelled with one finding that an epoch shows"
    )
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rank", type=int, default=24)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--bfloat16", action="store_true", help="a third quicker on processors that have avx512_bf16, slower on others"
    )
    train(parser.parse_args())


if __name__ == "__main__":
    main()
