"""Watch and steer the live runs of Powabase agents inside a Jupyter notebook cell."""

__version__ = "0.1.0"
