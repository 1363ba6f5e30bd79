"""The one place that holds the API key."""

_SHORTEST = 8


class Secret:
    """A key that shows itself to nobody.

    Args:
        value: The key.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the key, for the header of a request and nothing else."""
        return self.__value

    def redact(self, text: str) -> str:
        """Take the key out of a text.

        Args:
            text: Anything that is going to be shown, logged or saved.

        Returns:
            The text with each occurrence of the key replaced by `[key]`.
        """
        # A real key is long; a short one, as of a test server, may be a word of the protocol.
        known = len(self.__value) >= _SHORTEST
        return text.replace(self.__value, "[key]") if known else text

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("A key isn't pickled: connect again where you need it.")
