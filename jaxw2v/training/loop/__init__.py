"""The host's side of training: it feeds chunks, watches the loss, validates and saves."""
