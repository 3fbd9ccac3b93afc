"""Errors that a person can mend."""


class Problem(Exception):
    """What is wrong and how to mend it: `message` is a msgid, `message % values` the whole text.

    Kept apart so that the caller may translate the message before filling in the values.
    """

    message = "%(detail)s"

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.message % values)
