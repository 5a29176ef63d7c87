"""A notebook as one Go program, for `jupyter nbconvert --to script`."""

import re
import subprocess
from pathlib import Path

from nbformat import v4

START = """\
//go:build ignore

// The cells of {name}, as one program: go run {name}.go

package main
"""


def program(notebook, resources):
    """Preprocessor that puts the whole program in one cell. Cells that begin with %% become functions, which main calls."""
    if notebook.metadata.get("kernelspec", {}).get("language") != "go":
        return notebook, resources
    name = resources.get("metadata", {}).get("name", "notebook")
    parts, calls = [START.format(name=name)], []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(comment(cell.source))
        elif cell.cell_type == "code" and cell.source.strip():
            declarations, body = split(cell.source)
            parts.append(declarations)
            if body is not None:
                calls.append(f"cell{len(calls) + 1}")
                parts.append(f"func {calls[-1]}() {{\n{body}\n}}")
    parts.append("func main() {\n" + "".join(f"\t{call}()\n" for call in calls) + "}")
    source = "\n\n".join(part for part in parts if part.strip()) + "\n"
    folder = resources.get("metadata", {}).get("path") or "."
    cells = [v4.new_code_cell(with_imports(source, Path(folder)))]
    return v4.new_notebook(cells=cells, metadata=notebook.metadata), resources


def split(source):
    """The declarations of a cell, and what follows its %%, or None. The kernel's other commands become comments."""
    declarations, body = [], None
    for line in source.splitlines():
        if re.match(r"%%\s*$|%main\s*$", line):
            body = []
            continue
        if line.startswith(("%", "!")):
            line = "// " + line
        (declarations if body is None else body).append(line)
    return "\n".join(declarations), None if body is None else "\n".join(body)


def comment(text):
    return "\n".join(("// " + line).rstrip() for line in text.splitlines())


def with_imports(source, folder):
    """Adds the imports, as the kernel does: by goimports, which go.mod names as a tool."""
    command = ["go", "tool", "goimports", "-srcdir", str(folder.resolve() / "notebook.go")]
    run = subprocess.run(command, input=source, text=True, capture_output=True, cwd=folder)
    if run.returncode != 0:
        raise RuntimeError(f"the cells are no Go program: {run.stderr.strip()}")
    return run.stdout
