/** Tests train for a step or two, to see that something runs: what is usual in training isn't usual there. */
import type { Names } from "../names/scope.ts";
import { once } from "../once.ts";

const TEST_LIBRARIES = /^(pytest|unittest|absl\.testing|tensorflow\.test|torch\.testing\._internal)(\.|$)/;

export const isTestCode = once(
  ({ imports, functions, classes }: Names): boolean =>
    imports.some(({ name }) => TEST_LIBRARIES.test(name)) ||
    // pytest collects by name, and needs no import.
    functions.some(({ name, owner }) => name.startsWith("test_") && (!owner || owner.node.name.startsWith("Test"))) ||
    classes.some(({ node }) => node.bases.some(({ value }) => value.kind === "attribute" && value.name === "TestCase")),
);
