import { describe, expect, it } from "vitest";
import { fixAll, lint, rulesFound } from "../../../test/analysis/analyser.ts";

const script = (config: string) => `import deepspeed

config = ${config}
engine, optimizer, _, _ = deepspeed.initialize(model=net, config=config)
for batch in batches:
    loss = engine(batch)
    engine.backward(loss)
    engine.step()
`;

describe("implicit-default", () => {
  it("finds a configuration without the key, by its first line", () => {
    const text = script(`{
    "train_batch_size": 8,
}`);
    const [finding, ...more] = lint(text);
    expect(more).toEqual([]);
    expect(finding?.rule).toBe("implicit-default");
    expect(finding && text.slice(finding.range.start, finding.range.end)).toBe("{");
    expect(finding?.message).toContain("no clipping before deepspeed 0.19.3, and a norm of 1.0 since");
    expect(fixAll(text)).toBe(
      script(`{
    "train_batch_size": 8,
    "gradient_clipping": 1.0,
}`),
    );
  });

  it.each([
    ["a file", '"ds_config.json"'],
    ["a threshold", '{"train_batch_size": 8, "gradient_clipping": 0.5}'],
    ["another dictionary's entries", '{"train_batch_size": 8, **defaults}'],
    ["what a function returns", "make_config()"],
    ["a key added later", '{"train_batch_size": 8}\nconfig["gradient_clipping"] = 1.0'],
    ...[
      'update({"gradient_clipping": 1.0})',
      "update(dict(gradient_clipping=limit))",
      "update(gradient_clipping=1.0)",
      "update(read(path))",
      "update(**options)",
      'setdefault("gradient_clipping", 1.0)',
      "setdefault(key, 1.0)",
    ].map((call): [string, string] => [
      `a key that may be added by ${call}`,
      `{"train_batch_size": 8}\nconfig.${call}`,
    ]),
    [
      "a key that is added by another name",
      '{"train_batch_size": 8}\nother = config\nother.update(gradient_clipping=1.0)',
    ],
  ])("says nothing of %s", (_, config) => expect(rulesFound(script(config))).toEqual([]));

  it.each([
    'config.update({"steps_per_print": 10}, wall_clock_breakdown=False)',
    'config.setdefault("steps_per_print", 10)',
    "seen = {}\nseen.update(gradient_clipping=1.0)",
  ])("is not silenced by %s", (line) =>
    expect(rulesFound(script(`{"train_batch_size": 8}\n${line}`))).toEqual(["implicit-default"]),
  );

  it("calls a zero what it is", () => {
    expect(rulesFound(script('{"train_batch_size": 8, "gradient_clipping": 0}'))).toEqual(["disabled-clipping"]);
  });
});
