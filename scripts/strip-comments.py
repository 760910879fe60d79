"""Takes docstrings and lines of comments out of the modules in a folder: a third of what a vendored library weighs.

Lines of code stay as they are.
"""

import ast
import io
import sys
import tokenize
from pathlib import Path

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def stripped(text: str) -> str:
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#"):
            lines[token.start[0] - 1] = ""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            lines[docstring.lineno - 1] = " " * docstring.col_offset + '""\n'  # may be all that the body holds
            lines[docstring.lineno : docstring.end_lineno] = [""] * (docstring.end_lineno - docstring.lineno)
    return "".join(lines)


for path in Path(sys.argv[1]).rglob("*.py"):
    path.write_bytes(stripped(path.read_text("utf-8")).encode("utf-8"))
