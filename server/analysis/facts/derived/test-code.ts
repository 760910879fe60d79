/** Tests train for a step or two, to see that something runs: what is usual in training isn't usual there. */
import { callsGiven } from "../names/passed-on.ts";
import type { FunctionInfo, Names } from "../names/scope.ts";
import { once } from "../once.ts";

const TEST_LIBRARIES = /^(pytest|unittest|absl\.testing|tensorflow\.test|torch\.testing\._internal)(\.|$)/;

export const isTestCode = once((names: Names): boolean => {
  const { imports, functions, classes } = names;
  return (
    imports.some(({ name }) => TEST_LIBRARIES.test(name)) ||
    functions.some((info) => isCollected(info, names)) ||
    classes.some(({ node }) => node.bases.some(({ value }) => value.kind === "attribute" && value.name === "TestCase"))
  );
});

/** pytest finds a function by its name, and needs no import. What the file itself uses (`test_epoch`) evaluates a model. */
function isCollected({ name, owner, scope }: FunctionInfo, names: Names): boolean {
  if (!name.startsWith("test_")) return false;
  if (owner) return owner.node.name.startsWith("Test");
  return scope.parent?.kind === "module" && !names.calls.has(name) && callsGiven(name, names).length === 0;
}
