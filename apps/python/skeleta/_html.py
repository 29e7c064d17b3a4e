"""Small tables for notebooks."""


def cell(value) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.8g}"


def table(heads, *columns, caption="") -> str:
    """An HTML table with a column of each list."""
    head = "".join(f"<th>{name}</th>" for name in heads)
    rows = "".join("<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>"
                   for row in zip(*columns))
    words = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{words}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
