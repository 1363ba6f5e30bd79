"""Whether a page of this kernel saves the state of its widgets with the notebook.

It saves what they hold at that moment, and waits for nothing. So once a page has said that it does,
one that is loaded again gets the whole of each run at once: with a few words of those that are far
away the notebook's file would lose the rest.
"""

import threading

noted = threading.Event()
