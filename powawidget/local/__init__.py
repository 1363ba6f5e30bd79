"""A small Powabase-compatible server in this process, with samples over sample data.

The model is scripted, the rest is real: tools run SQL on SQLite and return what it returns, an
approved write really writes, a denied one doesn't, the code of a workflow's blocks really runs.
"""

from powawidget.local.project import Project
from powawidget.local.server import LocalServer
from powawidget.local.settings import Settings

__all__ = ["LocalServer", "Project", "Settings"]
