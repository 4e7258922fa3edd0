"""A script as a gensim user writes it. ``ported.py`` does the same with jaxw2v."""

import sys

from gensim.models import KeyedVectors, Word2Vec
from gensim.models.phrases import Phrases
from gensim.utils import simple_preprocess

corpus, out = sys.argv[1:3]
with open(corpus, encoding="utf-8") as file:
    sentences = [simple_preprocess(line, min_len=1, max_len=100) for line in file]
phrases = Phrases(sentences, min_count=5, threshold=0.5, scoring="npmi")
sentences = [phrases[sentence] for sentence in sentences]

model = Word2Vec(sentences, vector_size=100, window=5, min_count=5, sg=1, negative=5, epochs=5)
model.save(f"{out}/model")

wv = model.wv
print(wv.most_similar("king", topn=5))
print(wv.most_similar(positive=["king", "woman"], negative=["man"], topn=5))
print(wv.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=5))
print(wv.similarity("king", "queen"), wv.distance("king", "queen"), wv.rank("king", "queen"))
print(wv.doesnt_match(["monday", "tuesday", "apple"]))
print(wv.n_similarity(["king", "queen"], ["prince", "princess"]))
print(wv.closer_than("king", "queen")[:5])
print(wv.similar_by_vector(wv.get_mean_vector(["paris", "london"]), topn=5))

wv.save_word2vec_format(f"{out}/vectors.txt")
wv = KeyedVectors.load_word2vec_format(f"{out}/vectors.txt", limit=10_000)
print(len(wv), wv.vectors.shape, "king" in wv, wv["king"][:3])

more = [["a", "tiny", "new", "text", "about", "kings"]] * 50
model = Word2Vec.load(f"{out}/model")
model.build_vocab(more, update=True)
model.train(more, total_examples=len(more), epochs=5)
print(len(model.wv))
