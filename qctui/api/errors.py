"""The one exception of the client: what went wrong, in words for the screen, and whether the request may have acted."""

from __future__ import annotations

from collections.abc import Mapping

from qctui.model.resource import FailureKind


class ApiError(Exception):
    """A call that has no usable answer. `message` is scrubbed of secrets and control characters.

    Attributes:
        kind: what happened.
        message: one line for a person.
        may_have_acted: False only if the request provably never reached the API (connect failure, refused by ourselves)
            or was answered 429.
            For a trigger this decides whether the program may re-send by itself (DESIGN section 4).
        answered: the API gave a well-formed answer of its own (`success: false`): a rejection is certain, not unknown.
        retry_after_s: seconds the API asked us to wait, when it did.
        status_code: the HTTP status, when there was one.
        members: what the answer held beside its errors, under folded names; a failure may carry data
            (REFERENCE.md 2.1).
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        may_have_acted: bool = True,
        answered: bool = False,
        retry_after_s: float | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.may_have_acted = may_have_acted
        self.answered = answered
        self.retry_after_s = retry_after_s
        self.status_code = status_code
        self.members: Mapping[str, object] = {}
