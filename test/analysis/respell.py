"""Writes a script anew with other names and other imports, by Python's own reading of it, and compares what two scripts say.

Reads requests from standard input as a JSON array, answers with one:
`{"respell": text, "seed": n, "words": [...]}` gives `{"text", "spans", "names"}`: the new text; which UTF-16 ranges of the old
text became which of the new one (`[start, end, newStart, newEnd]`, in order); and what each new name was called before.
`{"canonical": text, "names": {...}}` gives a text that is the same for scripts that differ in names and imports alone,
null where the text does not parse. `{"parses": text}` gives whether it does.
"""
import ast
import builtins
import io
import json
import keyword
import random
import sys
import tokenize
import warnings

# What frameworks define or call by name.
FIXED = set(
    """_grad add append args automatic_optimization backward clip clip_grad_norm_ clip_gradients close configure_optimizers copy
    count cpu cuda data defaults device dtype epoch eval extend fit format forward generate get grad index items join keys
    load_state_dict log loss manual_backward mean module modules named_parameters next no_sync optimizer optimizers
    param_groups parameters params pop prepare print replace requires_grad reset run sample scale setup shape size sort
    split state state_dict step sum to train trainer training training_step unscale_ update validation_step values write
    zero_grad""".split()
)
MODULES = {
    "torch.amp", "torch.cuda.amp", "torch.nn", "torch.nn.functional", "torch.nn.parallel", "torch.nn.utils", "torch.optim",
    "torch.optim.lr_scheduler", "torch.utils.data",
}  # fmt: skip


class Source:
    def __init__(self, text):
        self.text = text
        self.lines = io.StringIO(text, newline="").read().splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def at(self, row, column):
        return self.starts[row - 1] + column

    def start(self, node):
        line = self.lines[node.lineno - 1].encode()
        return self.at(node.lineno, len(line[: node.col_offset].decode()))

    def end(self, node):
        line = self.lines[node.end_lineno - 1].encode()
        return self.at(node.end_lineno, len(line[: node.end_col_offset].decode()))


def dotted(node):
    """`torch.nn.utils` as a list, where it is nothing but names."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and before + [node.attr]
    return None


def names_of(tree):
    """What is bound here: names, and attributes of the script's own classes."""
    names, attributes, functions = set(), set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            functions[node.name] = parameters_of(node)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            attributes.add(node.attr)
        if isinstance(node, ast.ClassDef):
            attributes.update(members_of(node))
    return names, attributes, functions


def members_of(node):
    """Methods and fields, as a class's body has them."""
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield inner.name
        targets = inner.targets if isinstance(inner, ast.Assign) else [getattr(inner, "target", None)]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def parameters_of(node):
    if isinstance(node, ast.ClassDef):
        inits = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        fields = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
        return fields.union(*(parameters_of(init) for init in inits))
    arguments = node.args
    return {a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}


def pinned(tree, functions, imported):
    """What must keep its name: it stands in a string, or a call may pass it by keyword to who knows what."""
    pins = set(dir(builtins)) | set(keyword.kwlist) | {"_"}
    attributes = set(FIXED)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            word = node.value.lstrip("-").replace("-", "_")
            pins.add(word)
            attributes.add(word)
        elif isinstance(node, ast.JoinedStr):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    pins.add(inner.id)
                elif isinstance(inner, ast.Attribute):
                    attributes.add(inner.attr)
        elif isinstance(node, ast.Call):
            path = dotted(node.func)
            if not path or (path[0] not in functions and path[0] not in imported):
                pins.update(k.arg for k in node.keywords if k.arg)
        elif isinstance(node, ast.pattern):
            pins.update(getattr(node, field) for field in ("name", "rest") if getattr(node, field, None))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = {alias.asname or alias.name for alias in node.names}
            pins.update(name for name in bound if name not in imported)  # assigned, too: one name, here and there
            # Of a function that can't be seen, its name is all that there is to say that it may clip.
            pins.update(name for name in bound if "clip" in name)
        elif isinstance(node, ast.Assign):
            pins.update(t.id for t in node.targets if isinstance(t, ast.Name) and "clip" in t.id)
    return pins, attributes


class Respelling:
    def __init__(self, text, seed, words):
        self.source = Source(text)
        self.tree = ast.parse(text)
        self.random = random.Random(seed)
        self.edits = []
        self.taken = {t.string for t in self.tokens() if t.type == tokenize.NAME}
        self.words = [word for word in words if word not in self.taken]
        self.random.shuffle(self.words)
        self.new = {}
        self.old = {}

    def tokens(self):
        return tokenize.generate_tokens(io.StringIO(self.source.text, newline="").readline)

    def fresh(self, before=None):
        word = self.words.pop() if self.words else f"name_{len(self.taken)}"
        while word in self.taken or word in dir(builtins) or keyword.iskeyword(word):
            word = f"{word}_{self.random.randrange(1000)}"
        self.taken.add(word)
        if before is not None:
            self.old[word] = before
        return word

    def renamed(self, name):
        if name not in self.new:
            self.new[name] = self.fresh(name)
        return self.new[name]

    def edit(self, start, end, text):
        self.edits.append((start, end, text))

    def run(self):
        names, attributes, functions = names_of(self.tree)
        imports = self.imports()
        names -= set(imports)
        pins, fixed = pinned(self.tree, functions, imports)
        names = {n for n in names if n not in pins and not n.startswith("__")}
        # In capitals they are the keys of a framework's configuration (`cfg.SOLVER.BASE_LR`).
        attributes = {a for a in attributes if a not in fixed and a not in pins and not a.startswith("__") and not a.isupper()}
        # What stands in a class is both, and may be what a base of another module calls.
        members = {name for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) for name in members_of(node)}
        inherited = {
            name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ClassDef) and node.bases
            for name in members_of(node)
        }
        keep = inherited | (members - attributes)
        names, attributes = names - keep, attributes - keep
        replacements = self.respell_imports(imports, pins)
        self.respell_names(names, attributes, functions, replacements)
        return self.answer()

    def imports(self):
        """Names that one import binds, and nothing else does."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name.split(".")[0], []).append((node, alias))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found.setdefault(alias.asname or alias.name, []).append((node, alias))
        stored = {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        return {name: places for name, places in found.items() if name != "*" and name not in stored}

    def respell_imports(self, imports, pins):
        """What each imported name is written as now."""
        written = {}
        for name, places in imports.items():
            node, alias = places[0]
            plain = isinstance(node, ast.Import) and not alias.asname
            if name in pins or len(places) > 1 or (plain and "." in alias.name):
                continue
            if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
                continue
            if self.random.random() < 0.25:
                continue
            as_name = self.fresh(None)
            written[name] = as_name
            whole = (self.source.start(node), self.source.end(node))
            single = len(node.names) == 1
            if isinstance(node, ast.ImportFrom):
                path = f"{node.module}.{alias.name}"
                if single and self.random.random() < 0.4:
                    written[name] = f"{as_name}.{alias.name}"
                    self.edit(*whole, f"import {node.module} as {as_name}")
                    continue
                if single and path in MODULES and self.random.random() < 0.5:
                    self.edit(*whole, f"import {path} as {as_name}")
                    continue
            elif single and alias.asname and "." in alias.name and self.random.random() < 0.5:
                module, last = alias.name.rsplit(".", 1)
                self.edit(*whole, f"from {module} import {last} as {as_name}")
                continue
            self.edit(self.source.start(alias), self.source.end(alias), f"{alias.name} as {as_name}")
        return written

    def shortened(self, node, imports_of):
        """`torch.nn.utils.clip_grad_norm_` by an import of its own, added above the file's first."""
        path = dotted(node)
        if not path or imports_of.get(path[0]) != path[0] or self.random.random() < 0.5:
            return None
        if node.lineno != node.end_lineno:
            return None
        for cut in range(len(path) - 1, 1, -1):
            module = ".".join(path[:cut])
            if module not in MODULES:
                continue
            name = self.fresh(None)
            if cut == len(path) - 1 and self.random.random() < 0.5:
                self.add_import(f"from {module} import {path[-1]} as {name}")
                return name
            self.add_import(f"import {module} as {name}")
            return ".".join([name, *path[cut:]])
        return None

    def add_import(self, line):
        first = next(n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom)) and n.col_offset == 0)
        start = self.source.start(first)
        self.edit(start, start, line + "\n")

    def respell_names(self, names, attributes, functions, written):
        roots = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                roots.update({a.name: a.name for a in node.names if not a.asname and "." not in a.name})
        done = set()
        self.respell_tokens(names)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.JoinedStr):
                done.update(id(inner) for inner in ast.walk(node))
            if id(node) in done:
                continue
            if isinstance(node, ast.Attribute):
                short = self.shortened(node, roots)
                if short:
                    done.update(id(inner) for inner in ast.walk(node))
                    self.edit(self.source.start(node), self.source.end(node), short)
                elif node.attr in attributes:
                    end = self.source.end(node)
                    self.edit(end - len(node.attr), end, self.renamed(node.attr))
            elif isinstance(node, ast.Name):
                new = written.get(node.id) or (self.renamed(node.id) if node.id in names else None)
                if new:
                    self.edit(self.source.start(node), self.source.end(node), new)
            elif isinstance(node, ast.arg) and node.arg in names:
                start = self.source.start(node)
                self.edit(start, start + len(node.arg), self.renamed(node.arg))
            elif isinstance(node, ast.Call):
                path = dotted(node.func)
                for given in node.keywords:
                    if path and given.arg in functions.get(path[0], ()) and given.arg in names | attributes:
                        start = self.source.start(given)
                        self.edit(start, start + len(given.arg), self.renamed(given.arg))

    def respell_tokens(self, names):
        """What the tree gives no place for: after `def` and `class`, and after `global`."""
        before = listing = None
        for token in self.tokens():
            if token.type == tokenize.NAME and token.string in ("global", "nonlocal"):
                listing = True
            elif token.type == tokenize.NEWLINE:
                listing = None
            elif token.type == tokenize.NAME and token.string in names and (before in ("def", "class") or listing):
                start = self.source.at(*token.start)
                self.edit(start, start + len(token.string), self.renamed(token.string))
            if token.type == tokenize.NAME and token.string == "as" and before == "except":
                pass
            before = token.string
        self.respell_handlers(names)

    def respell_handlers(self, names):
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ExceptHandler) and node.name in names:
                start = self.source.text.index(node.name, self.source.end(node.type))
                self.edit(start, start + len(node.name), self.renamed(node.name))

    def answer(self):
        text, spans, position = "", [], 0
        old_at = new_at = 0
        units = lambda piece: len(piece.encode("utf-16-le")) // 2
        for start, end, new in sorted(self.edits, key=lambda edit: edit[:2]):
            assert start >= position, "edits overlap"
            kept, gone = self.source.text[position:start], self.source.text[start:end]
            text += kept + new
            old_at, new_at = old_at + units(kept), new_at + units(kept)
            spans.append([old_at, old_at + units(gone), new_at, new_at + units(new)])
            old_at, new_at = old_at + units(gone), new_at + units(new)
            position = end
        text += self.source.text[position:]
        ast.parse(text)
        return {"text": text, "spans": spans, "names": self.old}


class Canonical(ast.NodeTransformer):
    def __init__(self, tree, names):
        self.names = names
        self.imports = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    root = alias.name.split(".")[0]
                    self.imports[alias.asname or root] = alias.name if alias.asname else root
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = f"{'.' * node.level}{node.module}.{alias.name}"

    def visit_Import(self, node):
        return ast.Pass()

    visit_ImportFrom = visit_Import

    def visit_Name(self, node):
        path = self.imports.get(node.id)
        return ast.Name(path or self.names.get(node.id, node.id), node.ctx)

    def visit_Attribute(self, node):
        self.generic_visit(node)
        node.attr = self.names.get(node.attr, node.attr)
        if isinstance(node.value, ast.Name) and "." in f"{node.value.id}." and node.value.id in self.imports.values():
            return ast.Name(f"{node.value.id}.{node.attr}", node.ctx)
        if isinstance(node.value, ast.Name) and "." in node.value.id:
            return ast.Name(f"{node.value.id}.{node.attr}", node.ctx)
        return node

    def generic_visit(self, node):
        for field in ("name", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                setattr(node, field, self.names.get(value, value))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            node.names = [self.names.get(name, name) for name in node.names]
        return super().generic_visit(node)


def canonical(text, names):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    tree = Canonical(tree, names).visit(tree)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, [inner for inner in block if not isinstance(inner, ast.Pass)])
    return ast.dump(tree)


def parses(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def answer(request):
    if "parses" in request:
        return parses(request["parses"])
    if "canonical" in request:
        return canonical(request["canonical"], request.get("names", {}))
    return Respelling(request["respell"], request["seed"], request["words"]).run()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
