"""Words of small tables."""

WORDS = [f"w{i}" for i in range(60)] + ["naïve", "東京"]
