"""What a cell shows and what its file keeps: traits, messages, outputs."""
