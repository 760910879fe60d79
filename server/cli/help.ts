const main = `Finds missing and wrong gradient clipping in training scripts.

Usage: gradsight <command> [options]

Commands:
  lint [PATH…]    Lint files and folders, and fix what is found
  explain RULE    Explain a rule
  rules           List the rules

Options:
  -h, --help      Show this help, or a command's
  -V, --version   Show the version`;

const lint = `Lint training scripts, and fix what is found.

Usage: gradsight lint [options] [PATH…]

PATH is a file, a folder (searched for Python files and notebooks, honouring .gitignore), or - for standard input.
Without a path, the current folder is linted.

Options:
      --fix                  Apply the safe fixes: those that leave training numerically unchanged
      --unsafe-fixes         With --fix or --diff: also those that change what the optimizer receives,
                             such as inserting clipping
      --diff                 Show what --fix would change; write nothing, even with --fix
      --format FORMAT        text (default), json, sarif (2.1.0), github (annotations of a workflow's step)
                             or gitlab (Code Quality)
      --select RULE,…        Only these rules, whatever the configuration selects or ignores
      --ignore RULE,…        Not these rules either
      --config FILE          Read this file's [tool.gradsight], with patterns relative to the current folder
      --isolated             Read no configuration file
      --force-exclude        Leave out excluded files even where they are named, as pre-commit names them
      --min-severity LEVEL   Leave out findings below error, warning, information or hint, and count
                             the rest. By default all are shown, and warnings and errors counted
      --statistics           Show only how often each rule was broken
      --watch                Lint again whenever a file, or a module that it imports, changes, until Ctrl-C
      --baseline FILE        Report only what this file doesn't know: findings are known by rule, path and the
                             text of their line, wherever it moves
      --write-baseline       Take what is found now as known: create the --baseline file, or bring it up to
                             date for the files linted. Exits with 0
      --stdin-filename FILE  The name to report for standard input
      --output-file FILE     Write the report to a file
      --jobs N               How many threads to lint in; auto (default): as many as there are cores, for
                             trees that are worth it
      --exit-zero            Exit with 0 even when there are findings
  -h, --help                 Show this help

Configuration: the [tool.gradsight] table of the nearest pyproject.toml above each file.
  select, ignore    lists of rules
  severity          by rule: error, warning, information, hint or off
  per-file-ignores  lists of rules by pattern
  exclude           patterns, as in .gitignore; .venv, build and the like are excluded anyway

Exit codes: 0 nothing that counts was found (with --diff: nothing to fix), 1 something was, 2 wrong usage,
an unreadable file, or an internal error.`;

const explain = `Explain a rule: what it finds, why that is bad, and how to put it right.

Usage: gradsight explain RULE`;

const rules = `List the rules with their default severities.

Usage: gradsight rules [--format text|json]`;

export const HELP = { main, lint, explain, rules };
