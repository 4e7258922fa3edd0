# %% [markdown]
# # word2vec from the ground up
#
# How does an Embedding layer learn? Is it a Dense layer? How is the loss figured, why is softmax
# slow, what does negative sampling do, and how do I build it without a library? Each step below
# runs in seconds on a laptop. The text is the documentation of the Python packages that are
# installed here, so nothing is downloaded.
#
# This page is made from a notebook, [guide.ipynb](guide.ipynb), and that from
# [guide.py](guide.py).

# %%
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from flax import nnx

import jaxw2v
from jaxw2v import losses, sampling
from jaxw2v.corpus import builtin, open_corpus
from jaxw2v.models import TextClassifier

# %% [markdown]
# ## 1. Words as numbers
#
# A network takes numbers. The plainest way to give it a word is **one-hot**: as many numbers as
# there are words, all 0 but one.

# %%
words = ["array", "list", "file", "path"]
one_hot = jnp.eye(4)
dict(zip(words, one_hot.astype(int).tolist(), strict=True))

# %% [markdown]
# Why not stop here? Every word is as far from every other, so the network cannot know that
# `array` and `list` have something in common, and with 100,000 words each would be 100,000
# numbers.

# %%
np.linalg.norm(one_hot[:, None] - one_hot[None], axis=-1).round(2)

# %% [markdown]
# ## 2. An embedding is a lookup is a matrix product
#
# An **Embedding layer** is a table with a row of D numbers for each word. It looks rows up. That
# is the same as multiplying the one-hot vectors by the table, so it *is* a Dense layer without
# bias or activation, whose input is one-hot. It is there because a lookup does not multiply all
# those zeros.

# %%
table = jax.random.normal(jax.random.key(0), (4, 3)).round(1)
ids = jnp.array([2, 0, 2])
embedding = nnx.Embed(4, 3, rngs=nnx.Rngs(0))
dense = nnx.Linear(4, 3, use_bias=False, rngs=nnx.Rngs(0))
embedding.embedding[...] = dense.kernel[...] = table
print(table)
for looked_up in (table[ids], one_hot[ids] @ table, embedding(ids), dense(one_hot[ids])):
    print(looked_up.shape, bool((looked_up == table[ids]).all()))

# %% [markdown]
# It learns as any layer does, by back-propagation, and the gradients are the same too. The row of
# a word that did not occur (1 and 3) gets none; that of a word that occurred twice (2) gets both. A
# step goes down the gradient: row minus rate times gradient.


# %%
def by_lookup(table):
    return (table[ids] ** 2).sum()


def by_product(table):
    return ((one_hot[ids] @ table) ** 2).sum()


gradients = jax.grad(by_lookup)(table), jax.grad(by_product)(table)
print("the same:", bool(jnp.allclose(*gradients)))
print(np.asarray(gradients[0]).round(2))
print("after a step:", np.asarray(table - 0.1 * gradients[0]).round(2), sep="\n")

# %% [markdown]
# A table that is trained with the rest of a network, on its task, is good for that task.
# **word2vec** trains one on a task that needs nothing but text: to tell which words stand near
# which. [More, with times and memory](../embedding_is_a_lookup).
#
# ## 3. Windows
#
# Each word in turn is the *center*; the words at most `window` away are its *contexts*.
# **Skip-gram** predicts each context from the center: every mark on the left is a training
# example. **CBOW** predicts the center from the mean of its contexts: every column is one, such as
# that of `new`, on the right.

# %%
sentence = ["the", "function", "returns", "a", "new", "array", "of", "the", "same", "shape"]
same = jnp.zeros((1, len(sentence)), jnp.int32)
bounds = sampling.context_bounds(same + 2, same, same == 0)
near = sampling.positive_mask(bounds)[0]
one_column = near * jnp.where(jnp.arange(len(sentence)) == sentence.index("new"), 1.0, 0.25)
figure, panels = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
for axes, marks, title in zip(panels, (near, one_column), ("skip-gram", "CBOW"), strict=True):
    axes.imshow(marks, cmap="Blues")
    axes.set_xticks(range(len(sentence)), sentence, rotation=60)
    axes.set_yticks(range(len(sentence)), sentence)
    axes.set(xlabel="center", title=f"{title}, window 2")
panels[0].set(ylabel="context")
plt.show()

# %% [markdown]
# Now the text: its 2,000 most frequent words, and the pairs of a part of it. Each word becomes its
# number in the vocabulary; other words are left out, and some of the frequent ones (section 6),
# *before* windows are laid, so that words further away come into them.

# %%
small = jaxw2v.Config(max_vocabulary=2_000, window=3)
stream = open_corpus(builtin.collect(show_progress=False), small, show_progress=False)
vocabulary = stream.vocabulary
ids, sentences = stream.read(0, 300_000)
keep = (
    np.random.default_rng(0).random(len(ids))
    < sampling.keep_probability(vocabulary.counts, 1e-3)[ids]
)
ids, sentences = ids[keep], sentences[keep]
pairs = [
    (ids[i], ids[i + d])
    for d in (-3, -2, -1, 1, 2, 3)
    for i in range(max(0, -d), len(ids) - max(0, d))
    if sentences[i] == sentences[i + d]
]
pairs = np.random.default_rng(1).permutation(np.array(pairs))
print(f"{len(ids):,} words, {len(pairs):,} pairs, such as", [vocabulary.words[i] for i in pairs[0]])

# %% [markdown]
# ## 4. The model of the textbooks: softmax
#
# One-hot in, a Dense layer to D numbers (the lookup), a Dense layer to a score for each word,
# softmax, cross-entropy:
#
# $$ -\log p(c \mid w) = -\log \frac{e^{u_w \cdot v_c}}{\sum_{x} e^{u_w \cdot v_x}} $$
#
# The two tables, u and v, are all there is to learn. With three words, of which the first was
# found, and scores of 2, 1 and 0:

# %%
scores = jnp.array([2.0, 1.0, 0.0])
p = jnp.exp(scores) / jnp.exp(scores).sum()
print("p", p.round(3), f"loss -log {p[0]:.3f} = {-jnp.log(p[0]):.3f}")

# %% [markdown]
# For a batch of pairs, centers and contexts are numbers of words, [batch]; their rows are
# [batch, D], and the scores [batch, V].

# %%
V, D, BATCH = len(vocabulary), 32, 4_096


def new_tables(key):
    return {
        "u": jax.random.uniform(key, (V, D), minval=-0.5, maxval=0.5) / D,
        "v": jnp.zeros((V, D)),
    }


def softmax_loss(tables, centers, contexts, key):
    scores = tables["u"][centers] @ tables["v"].T  # [batch, V]
    return optax.softmax_cross_entropy_with_integer_labels(scores, contexts).mean()


def make_step(loss, optimizer):
    """A compiled step down a loss, which takes the tables and a batch."""

    @jax.jit
    def step(tables, state, *batch):
        value, gradients = jax.value_and_grad(loss)(tables, *batch)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(tables, updates), state, value

    return step


def train(loss, steps, rate=0.02):
    """Adam on one loss, a batch of pairs a step; tells how many pairs a second."""
    optimizer = optax.adam(rate)
    step = make_step(loss, optimizer)
    tables = new_tables(jax.random.key(0))
    state, history, begun = optimizer.init(tables), [], 0.0
    for number, key in enumerate(jax.random.split(jax.random.key(1), steps)):
        batch = pairs[np.arange(number * BATCH, (number + 1) * BATCH) % len(pairs)]
        tables, state, value = step(tables, state, batch[:, 0], batch[:, 1], key)
        history.append(float(value))
        begun = begun or time.perf_counter()  # the first step compiles
    return tables, history, (steps - 1) * BATCH / (time.perf_counter() - begun)


speeds = {}
tables, history, speeds["softmax"] = train(softmax_loss, 200)
print(
    f"loss {history[0]:.2f} to {np.mean(history[-50:]):.2f} nats, {speeds['softmax']:,.0f} pairs/s"
)

# %% [markdown]
# At first v is all zeros, so that every word is as likely as every other: log 2,000 = 7.60 nats.
# Each pair costs a score, and a gradient, for *every* word of the vocabulary: fifty times as many
# with 100,000 words.
#
# ## 5. Negative sampling
#
# Ask something easier: was this pair found in the text, or made up? For a pair of the text, and K
# made-up ones with words x drawn at random (the *negatives*), logistic regression minimises
#
# $$ -\log \sigma(u_w \cdot v_c) - \sum_{k=1}^{K} \log \sigma(-u_w \cdot v_{x_k}) $$
#
# It costs K + 1 scores, whatever the vocabulary. With a pair of score 2 and two negatives of 1 and
# 0, by $\sigma(x) = 1 / (1 + e^{-x})$:

# %%
print(-jax.nn.log_sigmoid(jnp.array([2.0, -1.0, 0.0])).round(3))
print("loss", -jax.nn.log_sigmoid(jnp.array([2.0, -1.0, 0.0])).sum().round(3))

# %% [markdown]
# What is learned differs a little: softmax is best where u·v is log p(c | w) up to a number for
# each w, negative sampling where it is log p(c | w) - log q(c) - log K, with q(c) the chance that c
# is drawn as a negative (Levy and Goldberg 2014). Negatives are drawn by count to the power of
# 0.75. Below u is [batch, D], and the rows of the negatives are [batch, K, D].

# %%
noise = sampling.noise_distribution(vocabulary.counts)
K = 5


def negative_sampling_loss(tables, centers, contexts, key):
    negatives = sampling.sample_noise(key, noise, (len(centers), K))
    u = tables["u"][centers]
    positive = (u * tables["v"][contexts]).sum(-1)
    negative = jnp.einsum("bd,bkd->bk", u, tables["v"][negatives])
    return -(jax.nn.log_sigmoid(positive) + jax.nn.log_sigmoid(-negative).sum(-1)).mean()


tables, history, speeds["negative sampling"] = train(negative_sampling_loss, 1_500)
loss, speed = np.mean(history[-50:]), speeds["negative sampling"]
print(f"loss {history[0]:.2f} to {loss:.2f} nats, {speed:,.0f} pairs/s")

# %% [markdown]
# That is word2vec. `(1 + K) log 2 = 4.16` at first, when every answer is a coin's. (Losses of
# different tasks cannot be compared: this one has six answers a pair, softmax one of 2,000.) What
# has it learned? The nearest words by cosine:


# %%
def nearest(table, word, count=6):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    order = np.argsort(-unit @ unit[vocabulary[word]])
    return ", ".join(vocabulary.words[i] for i in order[1 : count + 1])


for word in ("array", "file", "thread"):
    print(f"{word:7}", nearest(np.asarray(tables["u"]), word))

# %% [markdown]
# **CBOW** differs in what predicts: the mean of the rows of the contexts, some of which may lie in
# other sentences and are masked, predicts the center.

# %%
places = np.arange(3, len(ids) - 3)[:, None] + np.array([-3, -2, -1, 1, 2, 3])
contexts, centers = ids[places], ids[3:-3]  # [n, 6], [n]
inside = (sentences[places] == sentences[3:-3, None]).astype(np.float32)


def cbow_loss(tables, contexts, inside, centers, key):
    total = (tables["u"][contexts] * inside[..., None]).sum(1)  # [batch, D]
    mean = total / jnp.maximum(inside.sum(1, keepdims=True), 1)
    negatives = tables["v"][sampling.sample_noise(key, noise, (len(centers), K))]
    positive = (mean * tables["v"][centers]).sum(-1)
    negative = jnp.einsum("bd,bkd->bk", mean, negatives)
    return -(jax.nn.log_sigmoid(positive) + jax.nn.log_sigmoid(-negative).sum(-1)).mean()


optimizer = optax.adam(0.02)
step, cbow = make_step(cbow_loss, optimizer), new_tables(jax.random.key(0))
state = optimizer.init(cbow)
for key in jax.random.split(jax.random.key(1), 600):
    batch = jax.random.randint(key, (1_024,), 0, len(centers))
    some = contexts[batch], inside[batch], centers[batch]
    cbow, state, value = step(cbow, state, *some, key)
for word in ("array", "file", "thread"):
    print(f"{word:7}", nearest(np.asarray(cbow["u"]), word))

# %% [markdown]
# ## 6. Frequent words: subsampling, and the noise
#
# `the` stands beside everything and says little. word2vec drops words at random, the more
# frequent the more often: of a word that is a share f of the text $\sqrt{t/f} + t/f$ are kept, all
# where that is above 1, for a threshold t. It is faster, and brings the words that matter nearer to
# each other ([tried](../mikolov_2013)). And negatives are drawn more evenly than words occur.

# %%
share = vocabulary.counts / vocabulary.counts.sum()
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for threshold in (1e-3, 1e-4):
    left.plot(
        share,
        sampling.keep_probability(vocabulary.counts, threshold),
        label=f"threshold {threshold:g}",
    )
left.set(xscale="log", xlabel="share of the text", ylabel="kept", title="subsampling")
left.legend()
for exponent in (1.0, 0.75, 0.0):
    raised = share**exponent
    right.plot(share, raised / raised.sum(), label=f"count to the {exponent:g}")
right.set(
    xscale="log",
    yscale="log",
    xlabel="share of the text",
    ylabel="drawn as a negative",
    title="noise",
)
right.legend()
plt.show()

# %% [markdown]
# ## 7. Blocks: the same, faster
#
# Above, every pair looks up its own rows. But the pairs of 32 words in a row are made of 32 rows:
# looked up once, multiplied with one another, and with negatives that they share, they are one
# small matrix product. A mask says which products are pairs (those across the edge of a block are
# lost). That is `jaxw2v.losses.block_negative_sampling_loss`. A step below has some 5,000 pairs,
# one above 4,096.

# %%
whole = len(ids) // 32 * 32
blocks = sampling.cut_into_blocks(
    jnp.ones(whole, bool), jnp.asarray(ids[:whole]), jnp.asarray(sentences[:whole]), block_length=32
)
windows = jnp.full(blocks.ids.shape, 3, jnp.int32)
masks = sampling.positive_mask(
    sampling.context_bounds(windows, blocks.sentence_ids, blocks.is_center)
)


def block_loss(tables, rows, mask, key):
    rows = jnp.maximum(rows, 0)
    negatives = tables["v"][sampling.sample_noise(key, noise, (len(rows), 32))]
    looked_up = tables["u"][rows], tables["v"][rows], negatives
    return losses.block_negative_sampling_loss(*looked_up, mask, num_negatives=K) / mask.sum()


optimizer = optax.adam(0.01)
step = make_step(block_loss, optimizer)
tables = new_tables(jax.random.key(0))
state, total, seconds = optimizer.init(tables), 0, 0.0
for number, key in enumerate(jax.random.split(jax.random.key(1), 300)):
    part = slice(number * 32 % (len(blocks.ids) - 32), number * 32 % (len(blocks.ids) - 32) + 32)
    begun = time.perf_counter()
    tables, state, value = step(tables, state, blocks.ids[part], masks[part], key)
    value.block_until_ready()
    if number:
        seconds, total = seconds + time.perf_counter() - begun, total + int(masks[part].sum())
speeds["blocks"] = total / seconds
print(f"loss {value:.2f} nats, {speeds['blocks']:,.0f} pairs/s")

# %% [markdown]
# Each of these steps still makes a gradient as large as the tables, most of it zeros, and moves
# all of both. The library does not: its optimizer touches the rows of a step only. It also drops
# words and cuts blocks inside the compiled program, and takes many steps a call.


# %%
class Watch(jaxw2v.Callback):
    """Keeps the vectors of each epoch."""

    def __init__(self):
        """Begins with none."""
        self.tables = []

    def on_epoch_end(self, wv, metrics):
        """Keeps a copy."""
        self.tables.append(wv.vectors.copy())
        self.metrics = metrics


watch = Watch()
config = jaxw2v.Config(embedding_dim=100, epochs=5, min_count=20)
wv = jaxw2v.train("builtin", config, callbacks=[watch], show_progress=False)
record = watch.metrics[-1]
print(f"{len(wv):,} words; {record['words_per_second']:,} words of text a second")
for word in ("array", "file", "thread"):
    print(f"{word:7}", ", ".join(other for other, _ in wv.most_similar(word, topn=6)))

# %%
figure, axes = plt.subplots(figsize=(6.4, 2.2), layout="constrained")
axes.barh(list(speeds), list(speeds.values()))
axes.set(xlabel="pairs a second, D = 32, 2,000 words", title="three ways to train on pairs")
axes.invert_yaxis()
plt.show()

# %% [markdown]
# ## 8. Words find their places
#
# The same words after each epoch, in the plane of the two directions in which they differ most at
# the end. Lines go from the first epoch to the last.

# %%
groups = (
    ("array", "matrix", "vector", "tensor"),
    ("file", "directory", "path", "filename"),
    ("thread", "process", "lock", "queue"),
)
figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
shown = [word for group in groups for word in group if word in wv.vocabulary]
rows = [wv.vocabulary[word] for word in shown]
last = wv.vectors[rows] - wv.vectors[rows].mean(0)
plane = np.linalg.svd(last, full_matrices=False)[2][:2].T
places = np.stack([(table[rows] - wv.vectors[rows].mean(0)) @ plane for table in watch.tables])
for number, group in enumerate(groups):
    for word in group:
        if word in shown:
            path = places[:, shown.index(word)]
            axes.plot(*path.T, color=f"C{number}", alpha=0.5, linewidth=1)
            axes.plot(*path[-1], "o", color=f"C{number}", markersize=4)
            axes.annotate(word, path[-1], (4, 2), textcoords="offset points", fontsize=9)
axes.set(title="twelve words over five epochs")
axes.margins(0.12)
plt.show()

# %% [markdown]
# ## 9. When labels are few
#
# Is a sentence of documentation numpy's, or the standard library's? Twelve labelled sentences of
# each kind teach a classifier little from scratch. One whose Embedding layer starts from the
# vectors above knows already which words are alike. (The words were trained on this text too, but
# without its labels.)

# %%
import asyncio
import email
import http.client
import os
import pathlib
import socket
import subprocess


def sentences_of(modules):
    names = ((module, name) for module in modules for name in dir(module))
    texts = {getattr(module, name).__doc__ or "" for module, name in names}
    return sorted({text.strip().split("\n\n")[0].replace("\n", " ") for text in texts})


kinds = (
    sentences_of((np, np.linalg, np.fft, np.random, np.ma)),
    sentences_of((asyncio, email, http.client, os, pathlib, socket, subprocess)),
)


def encode(text, length=20):
    known = [wv.vocabulary[w] for w in text.lower().split() if w in wv.vocabulary]
    return np.array((known + [-1] * length)[:length])


texts = [
    (encode(text), kind)
    for kind, texts in enumerate(kinds)
    for text in texts
    if len(text.split()) > 4
]
texts = [text for text in texts if (text[0] >= 0).sum() > 2]


def accuracy(embedding, moves, labels, seed):
    """Trains on a few labelled sentences of each kind, tests on 150 others of each."""
    order = np.random.default_rng(seed).permutation(len(texts))
    of_kind = [[i for i in order if texts[i][1] == kind] for kind in (0, 1)]
    learn = of_kind[0][:labels] + of_kind[1][:labels]
    test = of_kind[0][labels : labels + 150] + of_kind[1][labels : labels + 150]
    x, y = (np.stack(part) for part in zip(*(texts[i] for i in learn), strict=True))
    model = TextClassifier(embedding, num_classes=2, rngs=nnx.Rngs(seed))
    moved = nnx.Param if moves else nnx.All(nnx.Param, nnx.Not(nnx.PathContains("embedding")))
    optimizer = nnx.Optimizer(model, optax.adam(3e-3), wrt=moved)

    def loss(model):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    @nnx.jit
    def step(model, optimizer):
        optimizer.update(model, nnx.grad(loss, argnums=nnx.DiffState(0, moved))(model))

    for _ in range(150):
        step(model, optimizer)
    x, y = (np.stack(part) for part in zip(*(texts[i] for i in test), strict=True))
    return float((model(x).argmax(-1) == y).mean())


ways = {
    "from scratch": lambda seed: (nnx.Embed(len(wv), 100, rngs=nnx.Rngs(seed)), True),
    "from word2vec, frozen": lambda seed: (wv.to_embed(), False),
    "from word2vec, fine-tuned": lambda seed: (wv.to_embed(), True),
}
for labels in (4, 12, 48):
    found = {
        name: np.mean([accuracy(*way(seed), labels, seed) for seed in range(3)])
        for name, way in ways.items()
    }
    print(
        f"{labels:3} of each kind:",
        ", ".join(f"{name} {100 * a:.0f}%" for name, a in found.items()),
    )

# %% [markdown]
# Fine-tuning moves all layers at once here, and loses some of what the vectors knew. On film
# reviews, with 25,000 labels and fewer: [imdb_sentiment](../imdb_sentiment), which trains the other
# layers first. Text without labels is enough for word2vec: use that of your own field.
#
# ## 10. How much text is enough?
#
# Means of three scores (pairs of words by people's judgement, twice, and analogies) by words of
# Wikipedia, five epochs, from [quality_frontier](../quality_frontier). Two hundred thousand words
# are few; with four million the score is still rising, and with 14.6 million it is .470
# ([gensim_comparison](../gensim_comparison)).

# %%
found = Path("../quality_frontier/sizes.json")
by_size, ours = {}, ("jaxw2v", "skipgram", "negative_sampling")
for run in json.loads(found.read_text())["runs"]:
    if (run["system"], run["objective"], run["output_layer"]) == ours:
        by_size.setdefault(run["raw_words"], []).append(run["mean"])
sizes = sorted(by_size)
labels = [f"{size / 1e6:.2g} M" for size in sizes]
figure, axes = plt.subplots(figsize=(5.4, 3), layout="constrained")
axes.plot(sizes, [np.mean(by_size[size]) for size in sizes], "o-")
axes.set(xscale="log", ylabel="mean of three scores", title="score by words of text")
axes.minorticks_off()
axes.set_xticks(sizes, labels)
plt.show()

# %% [markdown]
# ## What to read next
#
# - The papers: Mikolov et al. 2013a (skip-gram and cbow) and 2013b (negative sampling,
#   subsampling); Levy and Goldberg 2014 (what it factorises).
# - [The claims of those papers, tried](../mikolov_2013); [a PyTorch skip-gram, and its
#   time](../pytorch_blog); [vectors for words never seen](../subwords).
# - An objective of your own: `tests/training/objectives/test_own_objective.py` has GloVe's.
#
# **Claim** of this page: word2vec can be built step by step, in some hundred lines of JAX, and
# understood. Made by
#
# `python -m experiments.from_the_ground_up.run`
#
# which runs every cell of `guide.py` (`pip install -e ".[docs]"`). The run shown was on two
# cores of an Intel Xeon; versions are in `results.json`, and the figures above change with both.
