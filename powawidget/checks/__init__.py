"""What a run is expected to have done: checks over it, and the test that a recorded run becomes."""
