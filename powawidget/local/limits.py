"""How much of everything the server takes and keeps.

It lives in somebody's kernel, for as long as that: whoever asks it, however often and however
slowly, its memory has an end.
"""

# What one request may bring.
HEAD_BYTES = 16 * 1024  # its line and its headers
BODY_BYTES = 4 * 1024 * 1024
BODY_SECONDS = 30.0  # for the whole of it
DEPTH = 100  # lists and objects in one another
DIGITS = 1000  # of a whole number: Python takes quadratic time over more

# Connections. One is at work while a request that has the key is answered, and waits otherwise.
CONNECTIONS = 1024  # twice what may run: whoever looks a run up has one too
WAITING_SECONDS = 10.0  # until one that waits brings a request that has the key
RUNNING = 500  # runs and executions at once: some go on without a client

# What is remembered of what is over. Bytes are about what it takes in memory.
KEPT = 2_000  # each: runs of agents, of orchestrations, executions of workflows
KEPT_BYTES = 32 * 1024 * 1024
