import { symlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type JsonFinding, Project } from "./project.ts";

const project = new Project();

const SCRIPT = `import torch
from helpers import tame
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
loss.backward()
tame(model)
optimizer.step()
`;
const CLIPS = "import torch\ndef tame(model):\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)\n";
const HARMLESS = "def tame(model):\n    pass\n";
interface SarifPlace {
  physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
}
const MISSING = "7:1 missing-clipping";

describe("what a script imports", () => {
  it("is read from its own folder first", async () => {
    await project.write({ ".git/HEAD": "", "a/train.py": SCRIPT, "a/helpers.py": HARMLESS, "helpers.py": CLIPS });
    expect(await project.lint("a")).toEqual([`a/train.py:${MISSING}`]);
    await project.write({ "a/helpers.py": CLIPS, "helpers.py": HARMLESS });
    expect(await project.lint("a")).toEqual([]);
  });

  it("is read from the repository, and from its src folder", async () => {
    await project.write({ ".git/HEAD": "", "tools/train.py": SCRIPT, "src/helpers.py": HARMLESS });
    expect(await project.lint("tools")).toEqual([`tools/train.py:${MISSING}`]);
  });

  it("is not read from beyond the repository, be it through a link", async () => {
    await project.write({ "helpers.py": HARMLESS, "repository/.git/HEAD": "", "repository/train.py": SCRIPT });
    expect(await project.lint("repository")).toEqual([]);
    await symlink("../helpers.py", project.path("repository/helpers.py"));
    expect(await project.lint("repository/train.py")).toEqual([]);
  });

  it("is followed for standard input with a name", async () => {
    await project.write({ "helpers.py": HARMLESS });
    const named = await project.run(["lint", "-", "--stdin-filename", "train.py", "--statistics"], { input: SCRIPT });
    expect(named.out).toContain("missing-clipping");
    const nameless = await project.run(["lint", "-", "--statistics"], { input: SCRIPT });
    expect(nameless.out).not.toContain("missing-clipping");
  });

  it("may be no text, a folder, a link to itself or too large", async () => {
    await project.write({ ".git/HEAD": "", "train.py": SCRIPT, "helpers.py": new Uint8Array([0, 1, 2]) });
    expect(await project.lint("train.py")).toEqual([]);
    await project.write({ "a/train.py": SCRIPT, "a/helpers.py/x.txt": "" });
    await symlink("helpers.py", project.path("a/link.py"));
    await symlink("loop.py", project.path("a/loop.py"));
    await project.write({ "a/other.py": SCRIPT.replace("helpers", "loop") });
    expect(await project.lint("a/train.py", "a/other.py")).toEqual([]);
    await project.write({ "b/train.py": SCRIPT, "b/helpers.py": `${HARMLESS}${"# filler\n".repeat(80_000)}` });
    expect(await project.lint("b/train.py")).toEqual([]);
  });

  describe("is named where a finding rests on it", () => {
    const BUILDER = "import torch\n\n\ndef build(model):\n    return torch.optim.Adam(model.parameters())\n";
    const TRAIN = `import torch
from parts.builder import build
model = torch.nn.LSTM(8, 8)
optimizer = build(model)
loss.backward()
optimizer.step()
`;
    const write = () => project.write({ ".git/HEAD": "", "train.py": TRAIN, "parts/builder.py": BUILDER });

    it("in JSON, with the file that each place is in", async () => {
      await write();
      const { out } = await project.run(["lint", "--format", "json", "train.py"]);
      const [finding] = JSON.parse(out) as JsonFinding[];
      expect(finding).toMatchObject({ code: "missing-clipping", location: { row: 6, column: 1 } });
      const places = finding!.related.map(({ filename, row, column }) => [filename, row, column]);
      expect(places).toContainEqual([project.path("parts/builder.py"), 5, 12]);
      expect(places).toContainEqual([project.path("train.py"), 5, 1]);
    });

    it("in text, under the file's name", async () => {
      await write();
      const { out } = await project.run(["lint", "train.py"]);
      expect(out).toContain(" in parts/builder.py:\n");
      expect(out).toMatch(/5 \| {5}return torch\.optim\.Adam\(model\.parameters\(\)\)\n +\| {12}-+ /);
    });

    it("in SARIF, as an artifact of its own", async () => {
      await write();
      const { out } = await project.run(["lint", "--format", "sarif", "train.py"]);
      const [result] = JSON.parse(out).runs[0].results;
      const places = result.relatedLocations.map(({ physicalLocation: { artifactLocation, region } }: SarifPlace) => [
        artifactLocation.uri,
        region.startLine,
      ]);
      expect(places).toContainEqual(["parts/builder.py", 5]);
      expect(places).toContainEqual(["train.py", 5]);
    });
  });

  it("is read again after a fix was written into it", async () => {
    const engine = `import torch
model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.Adam(model.parameters())
def update():
    loss.backward()
    optimizer.step()
`;
    const script = `import torch
from a_engine import model, update
other = torch.optim.SGD(model.parameters(), lr=1)
update()
other.step()
`;
    await project.write({ ".git/HEAD": "", "a_engine.py": engine, "b_train.py": script });
    expect(await project.lint()).toEqual(["a_engine.py:6:5 missing-clipping", "b_train.py:5:1 missing-clipping"]);
    const { code } = await project.run(["lint", "--fix", "--unsafe-fixes"]);
    expect(code).toBe(0);
    expect(await project.read("a_engine.py")).toContain("clip_grad_norm_");
    expect(await project.read("b_train.py")).toBe(script);
  });
});
