"""What a run is: its model, its changes, and the reducer that makes them of events. No I/O."""
