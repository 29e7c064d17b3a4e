"""Intervals of integers, for the checkers of certificates: a pair (low, high) stands for low/2^96 and high/2^96,
and every operation rounds outwards. Nothing but Python, and no floats.
"""

from fractions import Fraction
from math import isqrt

BITS = 96
ONE = 1 << BITS


def exact(x):
    """The interval around a rational number."""
    scaled = Fraction(x) * ONE
    low = scaled.numerator // scaled.denominator
    return (low, low if scaled.denominator == 1 else low + 1)


def add(x, y):
    return (x[0] + y[0], x[1] + y[1])


def sub(x, y):
    return (x[0] - y[1], x[1] - y[0])


def neg(x):
    return (-x[1], -x[0])


def mul(x, y):
    a, b = x
    c, d = y
    if a >= 0 and c >= 0:
        low, high = a * c, b * d
    else:
        ends = (a * c, a * d, b * c, b * d)
        low, high = min(ends), max(ends)
    return (low >> BITS, -(-high >> BITS))


def times(n, x):
    """n x, for an integer n >= 0."""
    return (n * x[0], n * x[1])


def div(x, y):
    """x/y, for y > 0."""
    if y[0] <= 0:
        raise ZeroDivisionError
    low = (x[0] << BITS) // (y[1] if x[0] >= 0 else y[0])
    high = -((-x[1] << BITS) // (y[0] if x[1] >= 0 else y[1]))
    return (low, high)


def over(x, n):
    """x/n, for an integer n > 0."""
    return (x[0] // n, -(-x[1] // n))


def square(x):
    low, high = sorted((abs(x[0]), abs(x[1])))
    if x[0] <= 0 <= x[1]:
        low = 0
    return (low * low >> BITS, -(-high * high >> BITS))


def cube(x):
    return tuple(mul((end, end), square((end, end)))[side] for side, end in enumerate(x))


def root(x):
    low, high = max(x[0], 0) << BITS, x[1] << BITS
    return (isqrt(low), isqrt(high) + 1)


def hull(*intervals):
    return (min(x[0] for x in intervals), max(x[1] for x in intervals))


def at_least(x, low):
    return (max(x[0], low), max(x[1], low))


def at_most(x, high):
    return (min(x[0], high), min(x[1], high))


def middle(x):
    m = (x[0] + x[1]) // 2
    return (m, m)


def arctan_of_one_over(n):
    """An alternating series: the rest is no larger than the first term left out."""
    low = high = 0
    power, k = n, 0
    while True:
        term = (ONE // (power * (2 * k + 1)), -(-ONE // (power * (2 * k + 1))))
        if term[0] == 0:
            return (low - 1, high + 1)
        low, high = (low + term[0], high + term[1]) if k % 2 == 0 else (low - term[1], high - term[0])
        power, k = power * n * n, k + 1


# Machin's formula.
PI = sub(times(16, arctan_of_one_over(5)), times(4, arctan_of_one_over(239)))


def series(x, first):
    """Sum of (-1)^k x^(2k + first)/(2k + first)!, for a number 0 <= x <= 1.6."""
    y = mul(x, x)
    term = x if first else (ONE, ONE)
    total, k = term, first
    while term[1] > 1:
        term = over(mul(term, y), (k + 1) * (k + 2))
        k += 2
        total = add(total, term) if (k // 2) % 2 == 0 else sub(total, term)
    return (total[0] - 2, total[1] + 2)


def cos(x):
    """Falls on [0, pi]; here 0 <= x <= 1.6."""
    return (series((x[1], x[1]), 0)[0], min(series((x[0], x[0]), 0)[1], ONE))


def sin(x):
    """Rises on [0, pi/2]; of a wider interval, 1 is the high end."""
    high = ONE if 2 * x[1] > PI[0] else min(series((x[1], x[1]), 1)[1], ONE)
    low = min(series((end, end), 1)[0] for end in x)
    return (max(low, 0), high)


class Failed(Exception):
    """What is wrong with a certificate."""


def require(truth, sentence):
    if not truth:
        raise Failed(sentence)


def digest(text):
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def check_tree(tree, roots, proven, words="", every=1):
    """A tree of boxes in preorder, over `roots`: a digit cuts a box in halves across that side, a letter says why
    it needs no more, which proven(box, letter) has to confirm: of the first and each `every`-th leaf after it. `words`
    begin the sentence of Failed.
    """
    stack, leaves = roots[::-1], 0
    for place, letter in enumerate(tree):
        where = f"{words}character {place} of the tree: "
        require(stack, where + "the tree goes on after its last box")
        box = stack.pop()
        if letter in "0123456789"[:len(box)]:
            side = int(letter)
            low, high = box[side]
            require((low + high) % 2 == 0, where + "a box is too small")
            centre = (low + high) // 2
            for half in ((centre, high), (low, centre)):
                stack.append(box[:side] + (half,) + box[side + 1:])
            continue
        leaves += 1
        if leaves % every == 1 % every and not proven(box, letter):
            sides = " x ".join(f"[{low / ONE:.12g}, {high / ONE:.12g}]" for low, high in box)
            raise Failed(where + f"the box {sides} is not proven by '{letter}'")
    require(not stack, f"{words}the tree ends before its last {len(stack)} boxes")
