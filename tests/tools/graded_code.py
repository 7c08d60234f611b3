"""What of a student's notebook an exercise needs: the function, and what it stands on.

Running a whole lesson takes most of a minute; the imports, functions and constants that
an exercise's function uses take none. They are found by name, from the function's cell
upwards, as the lesson would have run.
"""

import ast
import builtins
import copy
import re
import symtable

MAGIC = re.compile(r"^\s*[%!?]")


class Missing(ValueError):
    """A notebook without the function that is asked for, or one that can't be read."""


def needed(cells, name, number, given=()):
    """Return the code that defines a function: list of str, one piece per statement.

    Parameters
    ----------
    cells : list of str, the sources of the notebook's code cells in order.
    name : str, the function of the exercise.
    number : "02.1"; the last definition above the cell with check("02.1") counts, or
        the last of all where there is no such cell.
    given : names that are there already.

    Raises
    ------
    Missing
        if no cell defines it, or if the cell that seems to do so is no Python.
    """
    parsed = [_parsed(cell) for cell in cells]
    check = re.compile(rf'check\(\s*["\']{re.escape(number)}["\']')
    ends = [i for i, cell in enumerate(cells) if check.search(cell)]
    end = ends[-1] if ends else len(cells)
    read = [_imports(c) if b is None else b for c, b in zip(cells, parsed, strict=True)]
    statements = [s for body in read[: end + 1] for s in body]
    places = [i for i, s in enumerate(statements) if name in _defines(s)]
    if not places:
        broken = [i for i, body in enumerate(parsed) if body is None]
        meant = [i for i in broken if re.search(rf"\b{name}\b", cells[i])]
        if meant:
            raise Missing(f"The cell that defines {name} {_why(cells[meant[-1]])}.")
        raise Missing(f"No cell defines {name}.")
    taken = _above(statements, places[-1], set(given) - {name})
    return [ast.unparse(statements[i]) for i in sorted(taken)]


def _above(statements, last, given):
    """Places of the statements that statement `last` stands on, itself included."""
    taken, open_names = {last}, [(n, last) for n in _uses(statements[last])]
    own = _defines(statements[last])
    seen = set()
    while open_names:
        name, below = open_names.pop()
        if name in given or (name, below) in seen:
            continue
        seen.add((name, below))
        # a name that a statement itself defines (recursion) needs nothing above
        if name in own and below == last and name not in _now(statements[last]):
            continue
        found = [i for i in range(below) if name in _defines(statements[i])]
        if not found:
            # defined later, as Python allows inside a function
            found = [i for i in range(below + 1, len(statements)) if i <= last]
            found = [i for i in found if name in _defines(statements[i])]
        if found and found[-1] not in taken:
            taken.add(found[-1])
            open_names += [(n, found[-1]) for n in _uses(statements[found[-1]])]
    return taken


def _parsed(cell):
    lines = ["" if MAGIC.match(line) else line for line in cell.splitlines()]
    try:
        return ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imports(cell):
    """Statements of a cell that is no Python as a whole: its imports, a line each."""
    lines = [s for s in cell.splitlines() if s.startswith(("import ", "from "))]
    return [s for line in lines for s in _parsed(line) or ()]


def _why(cell):
    try:
        ast.parse(cell)
    except SyntaxError as error:
        return f"is no Python: line {error.lineno}, {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        pass
    return "is no Python"


def _defines(statement):
    """Names that a top-level statement gives a meaning to: set of str."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    nodes = list(ast.walk(statement))
    imports = (n for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)))
    names = {(a.asname or a.name).split(".")[0] for n in imports for a in n.names}
    stored = (n for n in nodes if isinstance(n, ast.Name))
    return names | {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def _uses(statement):
    """Names of the notebook that a statement reads, now or when its function is called:
    set of str.
    """
    table = symtable.symtable(ast.unparse(statement), "<the notebook>", "exec")
    read = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        inner += scope.get_children()
        read |= {s.get_name() for s in scope.get_symbols() if s.is_global()}
    return read - set(dir(builtins))


def _now(statement):
    """Names that are read when the statement runs, not when its function is called."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        alone = copy.copy(statement)
        alone.body = [ast.Pass()]
        return _uses(alone)
    return _uses(statement)
