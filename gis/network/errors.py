"""What can be wrong with a network or a question to it."""


class NetworkError(ValueError):
    """A network that cannot be used, or a question it cannot answer. `code` is stable, `facts` name the culprit."""

    def __init__(self, code: str, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts
