import { expect, it } from "vitest";
import { analyser } from "../../test/analysis/analyser.ts";

const SCRIPT = `import torch
LIMIT = 0.5
optimizer = torch.optim.Adam(model.parameters())
for x in data:
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
    optimizer.step()
`;

function hover(text: string, at: string) {
  const module = analyser.open(text);
  const found = module.hover(text.indexOf(at) + 1);
  module.dispose();
  return found && { on: text.slice(found.range.start, found.range.end), markdown: found.markdown };
}

it("tells what reaches an update", () => {
  const found = hover(SCRIPT, "optimizer.step");
  expect(found?.on).toBe("optimizer.step");
  expect(found?.markdown).toContain("`torch.optim.Adam`, line 3");
  expect(found?.markdown).toContain("`loss.backward()`, line 6");
  expect(found?.markdown).toContain("by norm at 0.5 (the number behind `LIMIT`, line 2), line 7");
});

it("tells that nothing clips", () => {
  expect(hover(SCRIPT.replace(/ {4}torch.*\n/, ""), "optimizer.step")?.markdown).toContain("Clipping: none");
});

it("tells what a clip does, and which norm is recorded", () => {
  const found = hover(SCRIPT, "torch.nn.utils");
  expect(found?.markdown).toContain("Clips: `model.parameters()`");
  expect(found?.markdown).toContain("the norm before clipping");
  expect(hover(SCRIPT.replace("clip_grad_norm_", "clip_grad_value_"), "torch.nn.utils")?.markdown).toContain(
    "by value",
  );
});

it("doesn't guess how an unknown function clips", () => {
  const script = SCRIPT.replace("torch.nn.utils.clip_grad_norm_", "tricks.clip_gradients").replace(
    "\n",
    "\nimport tricks\n",
  );
  expect(hover(script, "tricks.clip")?.markdown).toContain("can't be told from this file");
  expect(hover(script, "optimizer.step")?.markdown).toContain("Clipping: `tricks.clip_gradients`, line 8");
});

it("tells where an optimizer makes its updates", () => {
  expect(hover(SCRIPT, "torch.optim.Adam")?.markdown).toContain("Update on line 8");
});

it("tells where a logged threshold comes from", () => {
  const log = "import gradsight\nLIMIT = 0.5\nfor x in data:\n    gradsight.log(norm=norm, threshold=LIMIT)\n";
  const found = hover(log, "gradsight.log");
  expect(found?.on).toBe("gradsight.log");
  expect(found?.markdown).toContain("Threshold: 0.5 (the number behind `LIMIT`, line 2)");
  expect(hover(log.replace("LIMIT)", "0.25)"), "gradsight.log")?.markdown).toContain("Threshold: 0.25");
  expect(hover(log.replace(", threshold=LIMIT", ""), "gradsight.log")?.markdown).toContain("none named");
});

it("has nothing to say elsewhere", () => {
  expect(hover(SCRIPT, "data")).toBeNull();
  expect(hover("print(1)\n", "print")).toBeNull();
});
