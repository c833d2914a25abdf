"""Many results: a plan, a queue that survives, workers, a journal, a manifest, a hot folder."""
