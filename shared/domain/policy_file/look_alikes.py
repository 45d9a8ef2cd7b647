"""Characters that look like others: to suggest the key that was meant, and to tell when a value holds some.

It judges no language: a word wholly in one alphabet is nobody's mistake.
"""

import unicodedata
from collections.abc import Iterator

_CYRILLIC = "авесԁеһіјкӏмнорԛгѕтԝхуАВСЕНІЈКМОРЅТХУ"
_LATIN_FOR_CYRILLIC = "abecdehijklmhopqrstwxyABCEHIJKMOPSTXY"
_GREEK = "αεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_LATIN_FOR_GREEK = "aeiknoptuxABEZHIKMNOPTYX"
_LATIN = str.maketrans(_CYRILLIC + _GREEK, _LATIN_FOR_CYRILLIC + _LATIN_FOR_GREEK)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_MINUS = "\u2212"


def latin(text: str) -> str:
    """The text with look-alikes as the Latin letters that they look like."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_LATIN))


def deceiving(text: str) -> str:
    """Why a value is not what it looks like, in words that follow its place; empty where it is."""
    if text != text.strip():
        return "begins or ends with a space or a line end"
    if text.isascii():
        return ""
    if letter := _intruder(text):
        return f"mixes alphabets: the letter {letter} (U+{ord(letter):04X}) only looks like a Latin one"
    for each, meant in _doubles(text):
        return f"holds the character U+{ord(each):04X}, which only looks like {meant}"
    if not unicodedata.is_normalized("NFC", text):
        return "holds a letter and its accent as two characters, which is another text than with both as one"
    return ""


def _intruder(text: str) -> str:
    """A letter of another alphabet in a text that has Latin letters as well; empty where there is none."""
    by_script: dict[str, str] = {}
    for each in text:
        script = unicodedata.name(each, "").partition(" ")[0]
        if script in _SCRIPTS:
            by_script.setdefault(script, each)
    others = [each for script, each in by_script.items() if script != "LATIN"]
    return others[0] if others and "LATIN" in by_script else ""


def _doubles(text: str) -> Iterator[tuple[str, str]]:
    """Characters that stand where another is meant, and which; a dash between spaces and an apostrophe are no such."""
    if unicodedata.category(text[0]) in {"Pi", "Pf"}:
        yield text[0], "a quotation mark of YAML's"
    for at, each in enumerate(text):
        if each.isascii():
            continue
        kind, plain = unicodedata.category(each), unicodedata.normalize("NFKC", each)
        if kind == "Zs":
            yield each, "a space"
        elif (kind == "Pd" or each == _MINUS) and text[at - 1 : at] + text[at + 1 : at + 2] != "  ":
            yield each, "a hyphen"
        elif len(plain) == 1 and plain.isascii() and kind not in {"Lo", "No"}:  # 3.º and m² are what they look like
            yield each, plain
