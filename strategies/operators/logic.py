"""Boolean connectives and the conditional; all but ``implies`` are strict: every operand is computed first."""

from __future__ import annotations

from strategies.operators.row import Operator

ROWS = (
    Operator(
        name="and",
        sorts=("bool", "bool"),
        result="bool",
        python=lambda a, b: a and b,
        template="{0} & {1}",
        precedence=6,
        encode=lambda z, a, b: z.And(a, b),
        fx=("_operator.and_",),
        sympy=("And",),
        variadic=True,
    ),
    Operator(
        name="or",
        sorts=("bool", "bool"),
        result="bool",
        python=lambda a, b: a or b,
        template="{0} | {1}",
        precedence=5,
        encode=lambda z, a, b: z.Or(a, b),
        fx=("_operator.or_",),
        sympy=("Or",),
        variadic=True,
    ),
    Operator(
        name="not",
        sorts=("bool",),
        result="bool",
        python=lambda a: not a,
        template="torch.sym_not({0})",
        precedence=10,
        encode=lambda z, a: z.Not(a),
        fx=("torch.sym_not", "_operator.not_"),
        sympy=("Not",),
    ),
    Operator(
        # What a branch demands, seen from outside: where the branch is not taken nothing in it is computed.
        name="implies",
        sorts=("bool", "bool"),
        result="bool",
        python=lambda a, b: not a or b,
        template="{1} if {0} else True",
        precedence=0.5,
        encode=lambda z, a, b: z.Or(z.Not(a), b),
        lazy=True,
    ),
    Operator(
        name="ite",
        sorts=("bool", "int", "int"),
        result="int",
        python=lambda c, a, b: a if c else b,
        template="torch.sym_ite({0}, {1}, {2})",
        precedence=10,
        encode=lambda z, c, a, b: z.If(c, a, b),
        fx=("torch.sym_ite",),
    ),
    Operator(
        name="float_ite",
        sorts=("bool", "float", "float"),
        result="float",
        python=lambda c, a, b: a if c else b,
        template="torch.sym_ite({0}, {1}, {2})",
        precedence=10,
        encode=lambda z, c, a, b: z.float_if(c, a, b),
        fx=("torch.sym_ite",),
    ),
)
