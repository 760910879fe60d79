import { expect, it } from "vitest";
import { grammarBytes } from "../../../../test/analysis/analyser.ts";
import { Document, loadGrammar } from "../../syntax/document.ts";
import { ModuleNames } from "./module-names.ts";

const grammar = await loadGrammar(grammarBytes);

it("counts a call once, however often names are given to each other", () => {
  const document = new Document(grammar, `${"near = far\nfar = near\n".repeat(8)}near(1)\nfar(2)\n`);
  const { calls } = new ModuleNames().of(document.statements());
  expect(calls.get("near")).toHaveLength(2);
  expect(calls.get("far")).toHaveLength(2);
  document.dispose();
});
