"""Terms as keys: their hash is remembered, and stays in the process that computed it."""

from __future__ import annotations

import pickle
import subprocess
import sys

from strategies.terms import Const, apply


def test_a_term_from_another_process_is_found_in_a_table():
    """Strings hash otherwise in each process, so a remembered hash must not travel."""
    term = apply("le", apply("add", "d0", 1), Const(1.0))
    hash(term)
    script = (
        "import pickle, sys; from strategies.terms import Const, apply;"
        "term = pickle.loads(sys.stdin.buffer.read());"
        "print(hash(term) == hash(apply('le', apply('add', 'd0', 1), Const(1.0))))"
    )
    found = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(term), capture_output=True, check=True)
    assert found.stdout.split() == [b"True"]


def test_literals_that_python_takes_for_equal_stay_three_keys():
    assert len({Const(1): 0, Const(True): 1, Const(1.0): 2, Const(0.0): 3, Const(-0.0): 4}) == 5
