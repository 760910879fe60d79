"""Runs a script or a module as ``__main__``, as python itself does, with the recording on.

What the script sees (``sys.argv``, ``sys.path``, ``__main__``, ``__file__``), what it prints, its traceback and its exit
status are those of a plain run.
"""

from __future__ import annotations

import atexit
import builtins
import importlib.util
import io
import os
import runpy
import shutil
import signal
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple, Optional, Type

from . import _children, _lifecycle, _link, _process
from ._guard import tell

if TYPE_CHECKING:
    from ._trial import Trial

_interrupted = False

# What an interpreter has loaded before it comes to the script; no file beside the script can stand in for these.
_LOADED_BEFORE = frozenset(
    "abc codecs encodings genericpath io ntpath os posixpath site stat _collections_abc _sitebuiltins".split()
)
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Options(NamedTuple):
    """What the command line says of the run."""

    name: Optional[str] = None
    trial: Optional[Trial] = None
    allow_control: bool = False
    pause_on_nonfinite: bool = False


def run_script(script: str, arguments: List[str], options: Options) -> None:
    path = _as_python_names(script)
    if not os.path.exists(path):
        script = path = _installed(script) or path
    if not os.path.exists(path):
        sys.stderr.write(f"{sys.executable}: can't open file {path!r}: [Errno 2] No such file or directory\n")
        sys.exit(2)
    sys.argv = [script, *arguments]
    main = _fresh_main()
    if os.path.isdir(path) or not path.endswith((".py", ".pyw")) and _is_binary(path):  # a folder, an archive, a .pyc
        _remove_first_path()
        _record(lambda: runpy.run_path(script, run_name="__main__"), path, options)
        return
    _remove_first_path()
    if not _safe_path():
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    main.__dict__.update(
        __file__=path, __cached__=None, __loader__=SourceFileLoader("__main__", path), __builtins__=builtins
    )

    _give_way(sys.path[0])

    def run() -> None:
        with io.open_code(path) as stream:
            source = stream.read()
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)

    _record(run, path, options)


def run_module(module: str, arguments: List[str], options: Options) -> None:
    sys.argv = [module, *arguments]
    _fresh_main()
    run: Any = getattr(runpy, "_run_module_as_main")  # what `python -m` itself calls
    _record(lambda: run(module, alter_argv=True), _origin(module), options._replace(name=options.name or module))


def _record(run: Callable[[], object], script: Optional[str], options: Options) -> None:
    global _interrupted
    name, trial, allow_control, pause = options
    atexit.register(_die_of_interrupt)  # before all others, so that it is called after them
    if trial is None:  # what a trial starts is none, and no run of the user's own
        _children.adopt()
    launcher = _children.is_launcher(sys.argv[0])
    allowed = _children.Allowed(allow_control, pause)
    if launcher:
        if allow_control and _children.is_indirect(sys.argv[0]):
            tell("--allow-control is of no use here: this launcher starts another one, whose processes train.")
        _children.allow(allowed)
        allowed = _children.Allowed(False, False)
    _process.start(name, None if script is None else os.path.abspath(script), launcher, trial, *allowed)
    try:
        run()
    except BaseException as error:
        _interrupted = isinstance(error, KeyboardInterrupt)
        trace = _scripts_own(error.__traceback__)
        error.__traceback__ = trace
        _lifecycle.ended_by(error)
        _show_only(trace)
        raise
    _lifecycle.ended_by(None)


def _scripts_own(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback without the frames of this package that stand before the script's."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        trace = trace.tb_next
    return trace


def _show_only(trace: Optional[TracebackType]) -> None:
    """Lets the interpreter report the error that it is about to see with this traceback."""
    report = sys.excepthook

    def hook(kind: Type[BaseException], error: BaseException, _trace: Optional[TracebackType]) -> None:
        error.__traceback__ = trace
        report(kind, error, trace)

    sys.excepthook = hook


def _die_of_interrupt() -> None:
    """A script that was interrupted ends, after its exit handlers, by that signal, as its parent may want to know."""
    if _interrupted and os.name == "posix":
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _give_way(folder: str) -> None:
    """Lets files beside the script stand in for standard modules that the probe has loaded, as they would without it."""
    try:
        beside = {entry.split(".")[0] for entry in os.listdir(folder)}
    except OSError:
        return
    ours = {name.partition(".")[0] for name in sys.modules} - _LOADED_BEFORE - set(sys.builtin_module_names)
    shadowed = (beside & ours) - {"__main__", "gradsight", "__pycache__"}
    if shadowed:
        _link.load_client()  # while it still finds the standard modules
        for name in list(sys.modules):
            if name.partition(".")[0] in shadowed:
                del sys.modules[name]


def _installed(name: str) -> Optional[str]:
    """The script that an installed command (``torchrun``, say) is; None where it is none, or isn't Python."""
    found = None if os.path.dirname(name) else shutil.which(name)
    if found is None:
        return None
    with open(found, "rb") as stream:
        first = stream.readline(256)
    return found if first.startswith(b"#!") and b"python" in first else None


def _as_python_names(script: str) -> str:
    """The path under which python knows a script: absolute, but otherwise as it was given."""
    if os.name == "nt" or os.path.isabs(script):
        return os.path.abspath(script) if os.name == "nt" else script
    return os.path.join(os.getcwd(), script[2:] if script.startswith("./") else script)


def _fresh_main() -> ModuleType:
    main = ModuleType("__main__")
    if sys.version_info < (3, 14):  # from then on made once they are asked for
        main.__dict__.setdefault("__annotations__", {})
    sys.modules["__main__"] = main
    return main


def _origin(module: str) -> Optional[str]:
    """The file that ``python -m module`` runs; None where that will fail, which is left to it to report."""
    try:
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{module}.__main__")
        return None if spec is None else spec.origin
    except Exception:
        return None


def _is_binary(path: str) -> bool:
    if not os.path.isfile(path):  # a pipe gives what it holds once, and that is for the script
        return False
    with open(path, "rb") as stream:
        return b"\0" in stream.read(256)


def _safe_path() -> bool:
    return bool(getattr(sys.flags, "safe_path", False))


def _remove_first_path() -> None:
    """Takes away what ``python -m gradsight`` itself put there: the working folder."""
    if sys.path and not _safe_path():
        del sys.path[0]
