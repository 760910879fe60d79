import { optionsOf } from "../facts/derived/command-line.ts";
import { clipsOf, isUnclipped } from "../facts/derived/order.ts";
import { Reads } from "../facts/derived/reads.ts";
import type { UpdateSite } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { ClassInfo, FunctionInfo, Scope } from "../facts/names/scope.ts";
import { once } from "../facts/once.ts";
import type { Value } from "../facts/values/value.ts";
import type { TextRange } from "../finding.ts";
import { type Expression, rangeOf, type Statement } from "../syntax/ast.ts";
import { lastPart } from "../syntax/call.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A setting for clipping that nothing reads: an option of the command line (argparse, click, typer, fire), a field of a dataclass, a parameter of the function
or class that does the update. And a function that clips and is never called, while an update in the same file goes
unclipped.

## Why it is bad
Whoever sets it believes that the gradients are clipped. They are not, and nothing says so.

## Examples
Wrong:
\`\`\`python
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--max-grad-norm", type=float, default=1.0)
args = parser.parse_args()

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--max-grad-norm", type=float, default=1.0)
args = parser.parse_args()

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), args.max_grad_norm)
    optimizer.step()
\`\`\`

## Fix
None: wire it in where the gradients are complete, or remove it.

## When it is silent
Settings that are passed on as a whole (\`vars(args)\`, \`Trainer(args)\` of another module, a file that doesn't train), and
names that speak of clipping something else. absl's flags, which any module can read.

## Sources
- Python: [argparse](https://docs.python.org/3/library/argparse.html)
`;

const SPEAKS_OF_IT =
  /grad(ient)?s?_?(norm_?)?(max_?)?clip|clip(ping)?_?(the_?)?(max_?)?(global_?)?(norm_?)?grad|max_?grad(ient)?s?_?norm|grad(ient)?s?_?norm_?(max|limit|threshold)|^(global_?)?clip_?(max_?)?norm$/i;

/** Of gradients, most likely, if nothing is said of it and an update goes unclipped. */
const BARE = /^clip(_?(val|value|threshold))?$/i;

export const unusedClipSetting: Rule = {
  name: "unused-clip-setting",
  title: "A setting for clipping that nothing reads",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Fabric", "Lightning", "Flax"],
  documentation,
  *check(facts) {
    if (facts.updates.length === 0) return;
    const settings = [...options(facts), ...fields(facts), ...parameters(facts), ...helpers(facts)];
    if (settings.length === 0) return;
    const reads = new Reads(facts);
    const said = new Set<string>();
    for (const { name, what, place, isOnlyHere, update } of settings) {
      if (said.has(name) || reads.of(name) || !isOnlyHere(reads)) continue;
      said.add(name);
      const missed = update ?? facts.updates.find((site) => isUnclipped(facts, site));
      yield {
        severity: missed ? "warning" : "information",
        message: `${what}.${missed ? " An update in this file goes without it." : ""}`,
        range: place,
        related: missed ? [{ range: rangeOf(missed.step.node), message: "Nothing clips here" }] : [],
        fix: null,
      };
    }
  },
};

interface Setting {
  /** What it would be read by. */
  readonly name: string;
  readonly what: string;
  readonly place: TextRange;
  /** Nothing outside of this file can read it. */
  readonly isOnlyHere: (reads: Reads) => boolean;
  /** The update that it was for, where that is known. */
  readonly update?: UpdateSite;
}

function options(facts: Facts): Setting[] {
  const isParsed = (value: Value) => value.kind === "external" && /parse_(known_)?args\(\)(\[0\])?$/.test(value.name);
  return optionsOf(facts).flatMap(({ place, flag, destination, help, command, isGlobal }): Setting[] => {
    const described = /clip/i.test(destination) && /grad/i.test(help);
    const isMeant = () => BARE.test(destination) && !help && facts.updates.some((site) => isUnclipped(facts, site));
    if (isGlobal || !flag.startsWith("-")) return [];
    if (!SPEAKS_OF_IT.test(destination) && !described && !isMeant()) return [];
    const isOnlyHere = (reads: Reads) => (command ? isOnlyIn(command, destination, reads) : reads.staysHere(isParsed));
    return [{ name: destination, what: `Nothing reads \`${flag}\``, place: rangeOf(place), isOnlyHere }];
  });
}

/** The function has a parameter of that name, and nothing that gives it all of them at once. */
const isOnlyIn = ({ node }: FunctionInfo, name: string, reads: Reads) =>
  node.parameters.some((parameter) => parameter.name === name) && !reads.of("locals") && !reads.of("params");

function fields(facts: Facts): Setting[] {
  return facts.names.classes.flatMap(({ node }): Setting[] => {
    if (!node.decorators.some(isDataclass)) return [];
    const isOfClass = (value: Value) =>
      (value.kind === "instance" || value.kind === "class") && value.info.node === node;
    return node.body.flatMap((statement): Setting[] => {
      const name = fieldOf(statement);
      if (!name || !SPEAKS_OF_IT.test(name)) return [];
      const isOnlyHere = (reads: Reads) => reads.staysHere(isOfClass);
      return [
        { name, what: `Nothing reads the field \`${node.name}.${name}\``, place: rangeOf(statement), isOnlyHere },
      ];
    });
  });
}

const isDataclass = (node: Expression) => lastPart(node.kind === "call" ? node.callee : node) === "dataclass";

function fieldOf(statement: Statement): string | null {
  const [target] = statement.kind === "assign" && statement.annotation ? statement.targets : [];
  return target?.kind === "name" ? target.id : null;
}

const parametersThatSpeakOfIt = once((node: FunctionInfo["node"]) =>
  node.kind === "function" ? node.parameters.filter(({ name }) => SPEAKS_OF_IT.test(name)) : [],
);

/** Of functions with an update, and of the constructors of classes whose methods have one. */
function parameters(facts: Facts): Setting[] {
  return facts.names.functions.flatMap((info): Setting[] => {
    const { node, owner } = info;
    const named = parametersThatSpeakOfIt(node);
    const update =
      named.length > 0 && facts.updates.find((site) => updates(site, info) && clipsOf(facts, site).length === 0);
    if (!update) return [];
    return named.map((parameter) => {
      const { name } = parameter;
      const isOnlyHere = (reads: Reads) =>
        !reads.of("locals") &&
        (!owner || (!reads.of("hparams", owner.node) && (!owner.attributes.has(name) || isScript(reads))));
      return { name, what: `Nothing reads the parameter \`${name}\``, place: rangeOf(parameter), isOnlyHere, update };
    });
  });
}

function updates({ step }: UpdateSite, { node, name, owner }: FunctionInfo): boolean {
  for (let scope: Scope | null = step.scope; scope; scope = scope.parent) {
    if (scope.info?.node === node) return true;
    if (owner && name === "__init__" && scope.info?.owner === owner) return true;
  }
  return false;
}

/** Functions that clip and do nothing else of the training. */
function helpers(facts: Facts): Setting[] {
  const known = facts.clips.filter(({ clip }) => clip.how !== "unknown");
  const clipping = new Set(known.map(({ clip }) => clip.scope.home.info));
  return facts.names.functions.flatMap((info): Setting[] => {
    const { node, name, owner } = info;
    if (!clipping.has(info) || node.kind !== "function" || node.decorators.length > 0) return [];
    if (owner && !isPlain(facts, owner)) return [];
    if (name.startsWith("__") || facts.updates.some((site) => updates(site, info))) return [];
    const update = facts.updates.find((site) => isUnclipped(facts, site));
    const { start } = rangeOf(node);
    const place = { start, end: facts.text.indexOf("\n", start) };
    const isOnlyHere = (reads: Reads) =>
      update !== undefined && (isScript(reads) || update.step.scope.home.kind === "module");
    return [{ name, what: `Nothing calls \`${name}\`, which clips`, place, isOnlyHere }];
  });
}

/** Nothing but this file calls the methods of such a class. */
const isPlain = (facts: Facts, { node, scope }: ClassInfo) =>
  node.bases.every(({ value }) =>
    facts.values
      .evaluate(value, facts.values.frames.around(scope))
      .every(
        (base) =>
          base.kind === "class" ||
          (base.kind === "external" && /^(builtins\.object|torch\.nn\.Module)$/.test(base.name)),
      ),
  );

/** Run, not imported. (So is what trains at its top level.) */
const isScript = (reads: Reads) => reads.of("__name__");
