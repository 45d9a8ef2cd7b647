"""Letters of other alphabets that look like Latin ones: to suggest the key that was meant, and to tell when a value
mixes them. It judges no language: a word wholly in one alphabet is nobody's mistake.
"""

import unicodedata

_CYRILLIC = "авесԁеһіјкӏмнорԛгѕтԝхуАВСЕНІЈКМОРЅТХУ"
_LATIN_FOR_CYRILLIC = "abecdehijklmhopqrstwxyABCEHIJKMOPSTXY"
_GREEK = "αεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_LATIN_FOR_GREEK = "aeiknoptuxABEZHIKMNOPTYX"
_LATIN = str.maketrans(_CYRILLIC + _GREEK, _LATIN_FOR_CYRILLIC + _LATIN_FOR_GREEK)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH")


def latin(text: str) -> str:
    """The text with look-alikes as the Latin letters that they look like."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_LATIN))


def intruder(text: str) -> str:
    """A letter of another alphabet in a text that has Latin letters as well; empty where there is none."""
    if text.isascii():
        return ""
    by_script: dict[str, str] = {}
    for each in text:
        script = unicodedata.name(each, "").partition(" ")[0]
        if script in _SCRIPTS:
            by_script.setdefault(script, each)
    others = [each for script, each in by_script.items() if script != "LATIN"]
    return others[0] if others and "LATIN" in by_script else ""


def odd_space(text: str) -> str:
    """A space that is not the usual one; empty where there is none."""
    if text.isascii():
        return ""
    return next((each for each in text if each != " " and unicodedata.category(each) == "Zs"), "")
