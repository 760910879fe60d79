import { expect, it } from "vitest";
import { Project } from "./project.ts";

const project = new Project();
const ENGINE = '{\n  "train_batch_size": 32,\n  "fp16": {"enabled": true}\n}\n';

it("finds configurations among other JSON and YAML, and writes what is left out", async () => {
  await project.write({
    "ds.json": ENGINE,
    "conf/trainer.yaml": "trainer:\n  gradient_clip_val: 0\n",
    "conf/data.json": '{"train_batch_size": 32}',
    "broken.json": '{"train_batch_size":',
    "binary.yml": new Uint8Array([0xff, 0xfe, 0x00, 0xd8]),
    "annotations.json": `{"train_batch_size": 1, "fp16": {}, "more": "${"x".repeat(300_000)}"}`,
  });
  const shown = await project.run(["lint", "."]);
  expect(shown.code).toBe(0);
  expect(shown.err).toBe("");
  expect(shown.out.match(/[\w/.]+:\d+:\d+: .*/g)?.map((line) => line.split(" ").slice(0, 1)[0])).toEqual([
    "conf/trainer.yaml:2:22:",
    "ds.json:1:1:",
  ]);
  await project.run(["lint", "--fix", "--unsafe-fixes", "."]);
  expect(JSON.parse(await project.read("ds.json"))).toHaveProperty("gradient_clipping", 1);
  expect(await project.read("conf/trainer.yaml")).toBe("trainer:\n  gradient_clip_val: 1.0\n");
  expect((await project.run(["lint", "."])).out).not.toContain("ds.json");
});

it("says why a configuration that is named can't be read", async () => {
  await project.write({ "binary.yml": new Uint8Array([0xc3, 0x28]) });
  const shown = await project.run(["lint", "binary.yml"]);
  expect(shown.code).toBe(2);
  expect(shown.err).toContain("binary.yml");
});

it("takes a default for what it is in the version that the project asks for", async () => {
  const script = `import deepspeed

config = {"train_batch_size": 8}
engine, _, _, _ = deepspeed.initialize(model=model, config=config)
for batch in batches:
    engine.backward(engine(batch))
    engine.step()
`;
  const rules = async (requirements: string) => {
    await project.write({ ".git/HEAD": "", "requirements.txt": requirements, "train.py": script });
    return (await project.lint("train.py", "--exit-zero")).map((finding) => finding.split(" ")[1]);
  };
  expect(await rules("torch\n")).toEqual(["implicit-default"]);
  expect(await rules("deepspeed==0.19.2\n")).toEqual(["missing-clipping"]);
  expect(await rules("deepspeed>=0.19.3\n")).toEqual([]);
});
