"""What reasons and advice are made of: closed lists of stable codes, each with a sentence and a remedy."""

from enum import Enum


class Coded(Enum):
    """`code`, `sentence` (what is so), `remedy` (what a person can do; empty when nothing is to be done)."""

    def __init__(self, sentence: str, remedy: str) -> None:
        self.sentence = sentence
        self.remedy = remedy

    @property
    def code(self) -> str:
        """The stable code, such as OPTED_OUT."""
        return self.name
