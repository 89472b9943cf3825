"""How hard property tests try: ``HYPOTHESIS_PROFILE=thorough`` for ten times as much."""

import os

from hypothesis import Phase, settings

settings.register_profile(
    "suite",
    max_examples=200,
    stateful_step_count=50,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    deadline=None,
    database=None,
)
settings.register_profile("thorough", settings.get_profile("suite"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
