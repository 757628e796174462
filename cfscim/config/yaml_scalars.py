"""What an unquoted YAML word means to the Pulumi engine, which reads stack files with Go's yaml.v3.

The rules were compared with engine 3.260: `yes` and `on` are text, `0o17` and `017` are numbers,
`1:30` is text, a timestamp is handed on as text.
"""

import re

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z")
_OCTAL = re.compile(r"[-+]?0o?[0-7_]+\Z")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|b[01_]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9_]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_LARGEST = 2**64
_LONGEST = 200

Scalar = str | int | float | bool | None


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted word: null, true, false, a number, or the text itself."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    digits = text.replace("_", "")
    if len(digits) > _LONGEST:
        return text  # nothing in a stack file is such a number
    if _DECIMAL.match(text):
        return _sized(int(digits))
    if _OCTAL.match(text):
        return _sized(int(digits.replace("o", ""), 8))
    if _BASED.match(text):
        return _sized(int(digits, 0))
    if _NOT_FINITE.match(text):
        return float(text.lower().replace(".", ""))
    if _FLOAT.match(text) and any(char.isdigit() for char in digits):
        return float(digits)
    return text


def _sized(number: int) -> int | float:
    """Numbers beyond 64 bits lose digits in the engine."""
    return number if -_LARGEST // 2 <= number < _LARGEST else float(number)
