"""``gensim_script.py`` with jaxw2v; see README.md for what changed."""

import sys

import jaxw2v
from jaxw2v import WordVectors

corpus, out = sys.argv[1:3]
config = jaxw2v.Config(
    embedding_dim=100,
    window=5,
    min_count=5,
    num_negatives=5,
    epochs=5,
    phrase_passes=1,
    phrase_scoring="npmi",
    phrase_threshold=0.5,
)
wv = jaxw2v.train(corpus, config, out=f"{out}/model")

print(wv.most_similar("king", topn=5))
print(wv.most_similar(positive=["king", "woman"], negative=["man"], topn=5))
print(wv.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=5))
print(wv.similarity("king", "queen"), wv.distance("king", "queen"), wv.rank("king", "queen"))
print(wv.doesnt_match(["monday", "tuesday", "apple"]))
print(wv.n_similarity(["king", "queen"], ["prince", "princess"]))
print(wv.closer_than("king", "queen")[:5])
print(wv.similar_by_vector(wv.mean_vector(["paris", "london"]), topn=5))

wv.export(f"{out}/vectors.txt", "word2vec-text")
wv = WordVectors.load(f"{out}/vectors.txt", limit=10_000)
print(len(wv), wv.vectors.shape, "king" in wv, wv["king"][:3])

more = [["a", "tiny", "new", "text", "about", "kings"]] * 50
print(len(jaxw2v.train(more, continue_from=f"{out}/model")))
