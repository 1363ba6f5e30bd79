"""The one place that holds the API key, and what must be shown no more than it."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

_SHORTEST = 8
_LONGEST_ESCAPE = 10  # characters that one of the key may take, as `_any_form` matches it
_INSTEAD = "[key]"
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot"}


class Secret:
    """The API key: no repr, pickle or traceback shows it."""

    __slots__ = (
        "__beside",
        "__encoded",
        "__escaped",
        "__hints",
        "__least",
        "__spaced",
        "__value",
        "__weakref__",
    )

    def __init__(self, value: str, *beside: str) -> None:
        self.__value = value
        self.__beside = tuple(map(Secret, dict.fromkeys(beside)))
        # A real key is long; a short one, as of a test server, may be a word of the protocol.
        known = len(value) >= _SHORTEST
        self.__encoded = _encoded(value) if known else ()
        self.__least = min(map(len, self.__encoded), default=0)
        self.__spaced = any(map(str.isspace, value))
        self.__escaped = re.compile("".join(map(_any_form, value))) if known else None
        self.__hints = re.compile("|".join(_hints(value))) if known else None

    def reveal(self) -> str:
        """Return the key, for the header of a request and nothing else."""
        return self.__value

    def owner(self) -> str:
        """Make a digest that tells whose key it is, by which nobody finds the key.

        Of a token (JWT) that a person has logged in for, it is that of the person: a token of
        another hour gives the same.
        """
        return hashlib.sha256((_person(self.__value) or self.__value).encode()).hexdigest()

    def with_beside(self, values: Iterable[str]) -> "Secret":
        """Make the same key, which takes other secrets out of a text as well.

        Args:
            values: What a server may repeat that isn't the key: cookies, a proxy's password.
                Empty ones don't count.
        """
        return Secret(self.__value, *filter(None, values))

    def redact(self, text: str) -> str:
        """Take the key out of a text: as it is, escaped for JSON, HTML or a URL, and in base64.

        Args:
            text: Anything that is going to be shown, logged or saved.

        Returns:
            The text with each occurrence of the key replaced by `[key]`.
        """
        for other in self.__beside:
            text = other.redact(text)
        if len(text) < self.__least:
            return text  # no form of the key is as short
        for form in self.__encoded:
            if form in text:
                text = text.replace(form, _INSTEAD)
        hints = self.__hints
        if self.__escaped and hints and _is_odd(text) and hints.search(text):
            text = self.__escaped.sub(_INSTEAD, text)
        return text

    def redacted(self, value: Any) -> Any:
        """Take the key out of the texts of an event.

        Args:
            value: The event, or what one holds. Dictionaries are what a server sent, from which it
                was removed when it arrived.

        Returns:
            The same where there is nothing to take out of it, else a copy.
        """
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            items = [self.redacted(one) for one in value]
            return items if items != value else value
        if isinstance(value, msgspec.Struct):
            given = {name: getattr(value, name) for name in value.__struct_fields__}
            made = {name: self.redacted(one) for name, one in given.items()}
            changed = {name: one for name, one in made.items() if one is not given[name]}
            return msgspec.structs.replace(value, **changed) if changed else value
        return value

    def tail(self, text: str) -> str:
        """Return the end of a text that may be the beginning of the key.

        Returns:
            Its end, as long as the key is in its longest form.
        """
        tails = [self._own_tail(text), *(other.tail(text) for other in self.__beside)]
        return max(tails, key=len)

    def _own_tail(self, text: str) -> str:
        if not self.__encoded:
            return ""
        end = text[-_LONGEST_ESCAPE * len(self.__value) :]
        if not self.__spaced:
            # No form of the key goes on after a space.
            end = end[max(end.rfind(" "), end.rfind("\n")) + 1 :]
        return end if _is_odd(end) else end[-max(map(len, self.__encoded)) :]

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("A key isn't pickled: connect again where you need it.")


def _is_odd(text: str) -> bool:
    """Tell whether there may be escapes in a text; most have none, and no search is as quick."""
    return "\\" in text or "%" in text or "&" in text


def _encoded(value: str) -> tuple[str, ...]:
    """List the forms that are found by a plain search; the key itself is the first."""
    forms = [value, quote(value, safe="")]
    for before in range(3):
        # In base64 the same bytes look different at each of three places.
        text = base64.b64encode(b"\0" * before + value.encode()).decode()
        whole = text[-(-before * 8 // 6) : (before + len(value.encode())) * 8 // 6]
        forms += [whole, whole.replace("+", "-").replace("/", "_")]
    return tuple(dict.fromkeys(forms))


def _hints(value: str) -> list[str]:
    """List the places where a text has the key in escapes; a text without is read once."""
    named = [rf"&{_NAMED[character]};" for character in _NAMED if character in value]
    return [r"\\u00", "%[0-9a-fA-F]", "&#", *named, *(rf"\\{one}" for one in '"/' if one in value)]


def _any_form(character: str) -> str:
    """Match one character of the key in any escape that a server may write it in.

    The repeats are bounded: a text of nothing but backslashes is still read in linear time.
    """
    code = _any_case(f"{ord(character):02x}")
    plain = rf"\\{{0,3}}{character}" if character in '"/' else re.escape(character)
    html = rf"&(?:#0{{0,4}}(?:{ord(character)}|[xX]{code})|{_NAMED.get(character, '#')});"
    return rf"(?:{plain}|\\{{1,4}}u00{code}|%{code}|{html})"


def _any_case(code: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in code)


def _person(token: str) -> str:
    """Say for whom a token was made; empty where it is another kind of key."""
    try:
        part = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        named = [told.get("iss"), told["sub"], told.get("role")]
    except (IndexError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ""
    return json.dumps(named)
