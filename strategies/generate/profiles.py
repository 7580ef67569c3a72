"""How large Programs get, by the purpose of the run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Limits of a generated Program."""

    max_statements: int
    max_dims: int


PROFILES: dict[str, Profile] = {
    "smoke": Profile(max_statements=6, max_dims=2),
    "audit": Profile(max_statements=8, max_dims=3),
    "nightly": Profile(max_statements=16, max_dims=4),
}
