"""The names of what the folder of a run holds."""

VECTORS = "vectors.safetensors"
VOCABULARY = "vocabulary.tsv"
PHRASES = "phrases.tsv"
SETTINGS = "config.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = "checkpoints"
