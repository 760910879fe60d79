import { expect, it } from "vitest";
import { CLIPPED, DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { Project } from "./project.ts";

const project = new Project();

/** More than each thread gets at once. */
const many = (text: string) => Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`sub${i % 3}/${i}.py`, text]));

it("says the same in any number of threads", async () => {
  await project.write({
    ...many(UNCLIPPED),
    "a.py": CLIPPED,
    "b.py": Uint8Array.of(0xff),
    "pyproject.toml":
      '[tool.gradsight]\nselect = ["missing-clipping"]\nper-file-ignores = { "sub1/" = ["missing-clipping"] }\n',
  });
  const [alone, ...others] = await Promise.all(
    ["1", "2", "7", "auto"].map((jobs) => project.run(["lint", "--format", "json", "--jobs", jobs])),
  );
  expect(JSON.parse(alone!.out)).toHaveLength(27);
  expect(alone).toMatchObject({ code: 2, err: "gradsight: b.py: is not valid UTF-8\n" });
  for (const other of others) expect(other).toEqual(alone);
});

it("fixes, whatever the number", async () => {
  const files = many(DEPRECATED);
  await project.write(files);
  const { code, out } = await project.run(["lint", "--fix", "--jobs", "3"]);
  expect({ code, out }).toEqual({ code: 0, out: "Fixed 40 problems.\nNo problems left in 40 files.\n" });
  for (const name of Object.keys(files)) expect(await project.read(name)).toBe(CLIPPED);
});

for (const jobs of ["0", "-1", "many", "1.5"])
  it(`is not ${jobs}`, async () => {
    expect(await project.run(["lint", `--jobs=${jobs}`])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--jobs"),
    });
  });
