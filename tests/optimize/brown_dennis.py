"""The minimum of Brown & Dennis' function to 15 digits: Newton's method with 50 digits."""

from mpmath import cos, exp, lu_solve, matrix, mp, mpf, norm, sin

mp.dps = 50
TIMES = [mpf(i) / 5 for i in range(1, 21)]


def residuals(x, t):
    return x[0] + t * x[1] - exp(t), x[2] + x[3] * sin(t) - cos(t)


def value(x):
    return sum((a * a + b * b) ** 2 for a, b in (residuals(x, t) for t in TIMES))


def newton_step(x):
    gradient, hessian = matrix(4, 1), matrix(4, 4)
    for t in TIMES:
        a, b = residuals(x, t)
        s = a * a + b * b
        u = matrix([a, a * t, b, b * sin(t)])  # ∇s/2
        columns = [matrix([1, t, 0, 0]), matrix([0, 0, 1, sin(t)])]
        gradient += 4 * s * u
        hessian += 8 * u * u.T + 4 * s * sum((c * c.T for c in columns), matrix(4, 4))
    return lu_solve(hessian, -gradient)


if __name__ == "__main__":
    x = matrix([-11, 13, 0, 0])
    for _ in range(60):
        step = newton_step(x)
        x += step
    assert norm(step) < mpf(10) ** -40
    print(mp.nstr(value(x), 17))
