"""What programs send as a body: each value of the very type that the document says."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict


class Sent(Schema):
    """The shape of a body. The text “yes” is no truth here, and the text “5” is no number.

    What JSON has no type for, a field says by `Field(strict=False)`: the text of a UUID, or of a
    member of an enum.
    """

    model_config = ConfigDict(strict=True)
