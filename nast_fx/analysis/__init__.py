"""What is known of a recording: loudness, key, tempo. Nothing here changes a sample."""
