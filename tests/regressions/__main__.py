"""Records the verdicts of the stored cases anew: ``python -m tests.regressions [--check] [NAME ...]``.

What changed is printed, and written, so that ``git diff`` shows it for review; with ``--check`` nothing is written, and
the exit status is 1 if a verdict is another one. ``make regressions`` runs it.
"""

from __future__ import annotations

import argparse
import sys

from properties.campaign.regressions import CORPUS, Regression, changes, load, rerun, save, told, versions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these cases")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a verdict changed")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    cases = [case for case in load(CORPUS) if not options.names or case.name in options.names]
    changed = failed = 0
    for case, now in rerun(cases, options.jobs):
        if isinstance(now, str):
            failed += 1
            print(f"{case.name}: cannot be told: {now}")
            continue
        differing = changes(case, now)
        if differing:
            changed += 1
            print(told(differing, case))
        if not options.check and (differing or dict(case.versions) != versions()):
            save(Regression(case.name, case.why, case.frontend, case.program, now, versions()), CORPUS)
    print(f"{len(cases)} cases, {changed} changed, {failed} could not be run")
    return 1 if failed or (changed and options.check) else 0


if __name__ == "__main__":
    sys.exit(main())
