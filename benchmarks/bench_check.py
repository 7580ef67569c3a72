"""How many Programs a second one core checks completely, and where the time goes.

A complete check draws the Program, runs it eagerly, traces it, runs the pass, and decides every property.
Run as ``python benchmarks/bench_check.py [--programs N] [--subject NAME]``; prints a table and changes nothing.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

from properties.campaign.plan import FRONTENDS, audit_plan
from properties.campaign.pool import prepare
from properties.campaign.shard import run_shard

TARGETS = {"shape_env": 100, "make_fx": 15}


def main() -> None:
    """Measures each frontend after a warm-up and prints one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=300, help="Programs a frontend")
    parser.add_argument("--subject", default="reference")
    parser.add_argument("--profile", default="smoke", help="smoke, audit or nightly")
    options = parser.parse_args()
    prepare()
    print(f"{'frontend':<14}{'programs/s':>11}{'target':>8}   share of the time")
    for frontend in FRONTENDS:
        plan = audit_plan(
            subjects=(options.subject,),
            frontends=(frontend,),
            programs=10 * options.programs,
            profile=options.profile,
            jobs=1,
        )
        run_shard(plan, 0, 1, 20)
        start = time.process_time()
        result = run_shard(plan, 0, 0, options.programs)
        spent = time.process_time() - start
        shares = result["shard"]["seconds"]
        total = sum(shares.values())
        text = ", ".join(
            f"{name} {value / total:.0%}" for name, value in sorted(shares.items(), key=lambda item: -item[1])[:6]
        )
        target = TARGETS.get(frontend, "")
        print(f"{frontend:<14}{result['shard']['programs'] / spent:>11.1f}{target:>8}   {text}")


if __name__ == "__main__":
    main()
