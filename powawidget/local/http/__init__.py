"""The HTTP side: who may ask and how much, the routes, and how they answer."""
