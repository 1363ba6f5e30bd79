"""Real kernels of each supported ipykernel, driven by messages."""
