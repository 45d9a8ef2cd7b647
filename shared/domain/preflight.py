"""What the finding says after Azure refused to protect a VM: the service is asked why, and its verdict told.

Pure. A refusal is what counts: an answer that all is well does not undo it. This module never turns a refusal into
permission to write; the one refusal that a discovery may cure is told by `needs_discovery`.
"""

from dataclasses import dataclass

from shared.domain.azure_answers import PreflightAnswer
from shared.domain.troubles.entry import Kind
from shared.domain.troubleshooting import Trouble, advice_for

_UNDISCOVERED = "bmsusererrorinvalidconfigureprotectionrequest"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a VM is not protected: Azure's code and text, and what a person can do.

    `trouble` is what the table of troubles has for the code, UNKNOWN included.
    """

    code: str
    error: str
    remedy: str
    trouble: Trouble


def needs_discovery(code: str) -> bool:
    """Whether a refused protect may succeed once the vault has looked for VMs (`refreshContainers`).

    The service says so with a 400 that names the container (terraform-provider-azurerm issues 2143 and 2207). The same
    code stands for any request that it cannot read, so one discovery is tried and no second one.
    """
    return code.lower() == _UNDISCOVERED


def asks_why(code: str) -> bool:
    """Whether to ask the service why it refused: only where the refusal's own code does not tell."""
    trouble = advice_for(code)
    return trouble.kind is Kind.UNKNOWN or needs_discovery(code)


def why_refused(code: str, message: str, answer: PreflightAnswer | None) -> Refusal:
    """What to report of a refused protect, given what the pre-validation said afterwards (None: it was not asked).

    The service's verdict wins where it refuses too: it looks at the VM and the vault and not at the request's form. Of
    several remedies the table's is taken, then the service's own recommendation, and last the hint where to look.
    """
    if answer is None or not answer.refuses:
        trouble = advice_for(code, message)
        return Refusal(code, message, trouble.remedy, trouble)
    trouble = advice_for(answer.code, answer.message)
    error = answer.message or (trouble.sentence if trouble.kind is not Kind.UNKNOWN else message)
    known = trouble.kind is not Kind.UNKNOWN
    remedy = trouble.remedy if known else answer.recommendation or trouble.remedy
    return Refusal(answer.code or code, error, remedy, trouble)
