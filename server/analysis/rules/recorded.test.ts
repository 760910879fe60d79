import { describe, expect, it } from "vitest";
import type { Diagnosis } from "../../../protocol/advice.ts";
import { analyser, apply } from "../../../test/analysis/analyser.ts";
import type { Finding, ObservedRun } from "../index.ts";

/** A run of this very text, of 400 steps around a norm of 2, without clipping. */
const RUN: ObservedRun = {
  run: "r1",
  date: "20 November",
  link: null,
  older: false,
  optimizer: "torch.optim.adam.Adam",
  siteLine: null,
  clipLine: null,
  clips: false,
  lastStep: 399,
  clippedScale: null,
  steps: 400,
  median: 2,
  p99: 9,
  max: 14,
  threshold: 2.6,
  converged: false,
  preliminary: false,
  inForce: null,
  calm: false,
  clippable: 0,
  clipped: 0,
  explosion: null,
  sudden: false,
  diagnoses: [],
};
const explosion = { after: 1203, norm: 812, nonFinite: false };
const exploded = { threshold: 0.5, explosion, lastStep: 1240 };
const calm = { steps: 3200, lastStep: 3199, median: 1, max: 1.2, calm: true };

const train = (model: string, optimizer = "Adam", clip = "") => `import torch
from torch import nn
model = ${model}
optimizer = torch.optim.${optimizer}(model.parameters(), lr=0.1)
for x, y in batches:
    optimizer.zero_grad()
    (model(x) - y).pow(2).mean().backward()
${clip && `    ${clip}\n`}    optimizer.step()
`;
const RECURRENT = train("nn.LSTM(4, 4)");
const CONVOLUTIONAL = train("nn.Conv2d(3, 3, 3)");
const CONVENTION = "Gradients through many time steps can explode.";

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length - 1;

/** The findings of a rule, with what is known of each line that `runs` name by its text. */
function found(
  rule: string,
  text: string,
  ...runs: Partial<ObservedRun & { at: string; clipAt: string }>[]
): Finding[] {
  const module = analyser.open(text);
  try {
    module.observe(
      runs.map(({ at = "optimizer.step()", clipAt, ...run }) => ({
        ...RUN,
        siteLine: lineOf(text, at),
        clipLine: clipAt ? lineOf(text, clipAt) : null,
        clips: clipAt !== undefined,
        ...run,
      })),
    );
    return module.lint().filter((finding) => finding.rule === rule);
  } finally {
    module.dispose();
  }
}

const missing = (text: string, ...runs: Parameters<typeof found>[2][]) => found("missing-clipping", text, ...runs);

describe("missing-clipping", () => {
  it("tells of an explosion, goes one severity up, and inserts what the run suggests", () => {
    const [finding] = missing(RECURRENT, exploded);
    expect(finding).toMatchObject({ severity: "error", run: { id: "r1", date: "20 November" } });
    expect(finding!.message).toBe(
      "No clipping of the gradients reaches this update of `optimizer`. A run on 20 November exploded here after step 1,203: the norm rose from a median of 2 to 812.",
    );
    expect(finding!.fix!.title).toBe("Clip the gradients to a norm of 0.5, as the run on 20 November suggests");
    expect(apply(RECURRENT, finding!.fix!.edits)).toContain("max_norm=0.5");
    expect(missing(CONVOLUTIONAL, exploded)[0]!.severity).toBe("warning");
  });

  it("tells of norms that grew and became NaN", () => {
    const [finding] = missing(RECURRENT, { ...exploded, explosion: { ...explosion, nonFinite: true } });
    expect(finding!.message).toContain("from a median of 2 to 812, then to NaN or infinity.");
  });

  it("leaves a network that trains calmly in peace", () => {
    const [finding] = missing(CONVOLUTIONAL, calm);
    expect(finding).toMatchObject({ severity: "hint", run: { id: "r1" } });
    expect(finding!.message).toContain(
      "Not needed for stability so far: in 3,200 steps of a run on 20 November the largest norm was 1.2 times the median.",
    );
    expect(missing(RECURRENT, calm)[0]!.severity).toBe("information");
  });

  it("takes no severity from a run that leaves it open, but its threshold", () => {
    const [finding] = missing(RECURRENT, {});
    expect(finding).toMatchObject({ severity: "warning", message: expect.stringContaining(CONVENTION) });
    expect(finding!.run).toBeUndefined();
    expect(finding!.fix!.title).toContain("2.6, as the run on 20 November suggests");
    expect(missing(RECURRENT, { preliminary: true })[0]!.fix!.title).toContain("1.0, as recurrent networks do");
    const converged = { converged: true, threshold: null };
    expect(missing(RECURRENT, converged)[0]!.fix!.title).toContain("1.0, as recurrent networks do");
  });

  it.each([
    ["that clipped", { ...exploded, clips: true }],
    ["that clipped somewhere", { ...exploded, inForce: 1 }],
    ["that became NaN out of the blue", { sudden: true, preliminary: true }],
    ["whose update was in another file", { ...exploded, siteLine: null }],
    ["whose update was on another line", { ...exploded, siteLine: 2 }],
  ])("takes nothing from a run %s", (_, run) => {
    expect(missing(RECURRENT, run)).toEqual(missing(RECURRENT));
  });

  describe("of a Keras model, which is told its optimizer in one place and trained in another", () => {
    const text = `import keras
first = keras.Sequential([keras.layers.LSTM(4)])
first.compile("adam", "mse")
second = keras.Sequential([keras.layers.LSTM(4)])
second.compile("adam", "mse")
for epoch in range(9):
    first.fit(
        x, y, epochs=1,
    )
second.fit(x, y)
`;
    const titles = (...runs: Parameters<typeof found>[2][]) =>
      missing(text, ...runs.map((run) => ({ optimizer: "keras.optimizers.Adam", ...run }))).map(
        ({ fix }) => fix!.title,
      );
    const convention = "Clip the gradients to a norm of 1.0, as recurrent networks do";
    const suggested = "Clip the gradients to a norm of 2.6, as the run on 20 November suggests";

    it("is known by the call that trains it", () => {
      expect(titles({ at: "first.fit(" })).toEqual([suggested, convention]);
      expect(titles({ at: "x, y, epochs=1" })).toEqual([suggested, convention]);
      expect(titles({ at: "second.fit(" })).toEqual([convention, suggested]);
      expect(titles({ at: "for epoch" })).toEqual([convention, convention]);
    });

    it("is known by that call where a function makes it", () => {
      const built = `import keras
def build():
    model = keras.Sequential([keras.layers.LSTM(4)])
    model.compile("adam", "mse")
    return model
model = build()
model.fit(x, y)
`;
      expect(missing(built, { at: "model.fit(" })[0]!.fix!.title).toBe(suggested);
    });
  });

  it("forgets an explosion once a later run has come beyond it", () => {
    const later = { run: "r2", lastStep: 5000 };
    expect(missing(RECURRENT, later, exploded)[0]!.severity).toBe("warning");
    expect(missing(RECURRENT, { ...later, lastStep: 900 }, exploded)[0]!.severity).toBe("error");
    expect(missing(RECURRENT, exploded, later)[0]!.severity).toBe("error");
  });

  describe("that logged its steps by hand", () => {
    const logging = `${RECURRENT}    gradsight.log(x, norm=1)\n`;
    const logged = { ...exploded, optimizer: null, at: "gradsight.log" };

    it("is one of the only update around the log", () => {
      expect(missing(logging, logged)[0]!.message).toContain("exploded here");
    });

    it.each([
      [
        "of several updates",
        logging
          .replace(/$/, "    other.step()\n")
          .replace("for x", "other = torch.optim.Adam(critic.parameters())\nfor x"),
        [logged],
      ],
      ["of an update in another function", `${RECURRENT}def tell(x):\n    gradsight.log(x, norm=1)\n`, [logged]],
      [
        "where two logs are",
        `${logging}    gradsight.log(x, norm=2, series="b")\n`,
        [logged, { ...logged, at: "gradsight.log(x, norm=2" }],
      ],
    ])("is none %s", (_, text, runs) => {
      const messages = missing(text, ...runs).map(({ message }) => message);
      expect(messages.length).toBeGreaterThan(0);
      expect(messages.filter((message) => message.includes("exploded"))).toEqual([]);
    });

    it("leaves the word to hooks that saw the same update", () => {
      const [finding] = missing(logging, { ...calm, at: "optimizer.step()" }, logged);
      expect(finding!.message).not.toContain("exploded");
    });
  });

  it("takes the line in a cell that has not changed, though others have, and makes no error", () => {
    const moved = { ...exploded, older: true, placed: true };
    expect(missing(RECURRENT, moved)[0]!.severity).toBe("warning");
    expect(missing(RECURRENT, { ...moved, siteLine: 2 })).toEqual(missing(RECURRENT));
  });

  describe("of an older version of the text", () => {
    const older = { ...exploded, older: true };

    it("says so, finds the update wherever it has moved to, and makes no error", () => {
      const [finding] = missing(RECURRENT, { ...older, siteLine: 70 });
      expect(finding!.severity).toBe("warning");
      expect(finding!.message).toContain("A run of an older version of this file on 20 November exploded here");
      expect(missing(CONVOLUTIONAL, { ...older, siteLine: 70 })[0]!.severity).toBe("warning");
    });

    const two = RECURRENT.replace("for x", "other = torch.optim.Adam(critic.parameters())\nfor x").replace(
      "optimizer.step()\n",
      "optimizer.step()\n    other.step()\n",
    );
    const messages = (...runs: Parameters<typeof found>[2][]) =>
      missing(two, ...runs).map(({ message }) => /`(\w+)`\..*(exploded|Gradients)/.exec(message)?.slice(1).join(" "));

    it("tells updates apart by their order where there are as many", () => {
      expect(messages({ ...older, siteLine: 30 }, { older: true, siteLine: 40 })).toEqual([
        "optimizer exploded",
        "other Gradients",
      ]);
    });

    it("says nothing where there are more or fewer than then", () => {
      expect(messages({ ...older, siteLine: 30 })).toEqual(["optimizer Gradients", "other Gradients"]);
    });

    it("says nothing of another optimizer", () => {
      const [finding] = missing(RECURRENT, { ...older, siteLine: 8, optimizer: "torch.optim.sgd.SGD" });
      expect(finding!.message).toContain(CONVENTION);
    });
  });

  it("knows nothing any more once the runs are gone", () => {
    const module = analyser.open(RECURRENT);
    const alone = module.lint();
    module.observe([{ ...RUN, ...exploded, siteLine: lineOf(RECURRENT, "optimizer.step()") }]);
    expect(module.lint()).not.toEqual(alone);
    module.observe([]);
    expect(module.lint()).toEqual(alone);
    module.dispose();
  });
});

describe("unlikely-threshold", () => {
  const CLIP = "nn.utils.clip_grad_norm_(model.parameters(), LIMIT)";
  const clipped = (value: string, optimizer = "Adam") =>
    train("nn.LSTM(4, 4)", optimizer, CLIP).replace("model =", `LIMIT = ${value}\nmodel =`);
  const unlikely = (text: string, run: Partial<ObservedRun>) =>
    found("unlikely-threshold", text, { clipAt: "nn.utils", inForce: 1, ...run });

  it("tells of a run that exploded although it clipped, and changes the number where it is written", () => {
    const text = clipped("50.0");
    const [finding] = unlikely(text, { ...exploded, inForce: 50 });
    expect(finding).toMatchObject({ severity: "information", run: { id: "r1" } });
    expect(finding!.message).toBe(
      "`LIMIT` is 50: a run on 20 November exploded after step 1,203 all the same, and its norms suggest 0.5.",
    );
    expect(apply(text, finding!.fix!.edits)).toBe(text.replace("50.0", "0.5"));
  });

  it("calls what nothing came near inactive so far", () => {
    const [finding] = unlikely(clipped("50.0"), { clippable: 3200, inForce: 50 });
    expect(finding).toMatchObject({ severity: "hint", fix: null });
    expect(finding!.message).toContain(
      "inactive so far, since in 3,200 steps of a run on 20 November the largest norm was 14.",
    );
  });

  it("tells of one far above the norms that it clips now and then", () => {
    const [finding] = unlikely(clipped("50.0"), { clippable: 3200, clipped: 3, max: 60, inForce: 50 });
    expect(finding!.message).toContain("far above the norms of a run on 20 November, and its norms suggest 2.6");
  });

  const hard = { inForce: 0.1, clippable: 400, clipped: 396 };
  it("tells of one that clips nearly every step under SGD", () => {
    const [finding] = unlikely(clipped("0.1", "SGD"), { ...hard, optimizer: "torch.optim.sgd.SGD" });
    expect(finding!.message).toContain(
      "a run on 20 November clipped 99% of its steps, the median one to 5% of its length, which acts as a smaller learning rate; its norms suggest 2.6",
    );
    expect(finding!.fix!.title).toBe("Change the threshold from 0.1 to 2.6, as the run on 20 November suggests");
  });

  it.each([
    ["nearly every step under Adam", clipped("0.1"), hard],
    ["a run that has converged", clipped("50.0"), { converged: true, threshold: null, clippable: 3200 }],
    ["a preliminary run", clipped("50.0"), { preliminary: true, clippable: 3200 }],
    ["a run that did not clip", clipped("50.0"), { inForce: null, clippable: 3200 }],
    ["within a factor of 8", clipped("20.0"), { clippable: 3200 }],
    ["999 steps below it, of a calm run", clipped("50.0"), { clippable: 999, calm: true }],
    ["what is out of every range, and fits", clipped("2e-6"), { threshold: 1e-6, median: 1e-6, max: 4e-6 }],
    ["a clip that measures", clipped("1e6").replace("nn.utils.clip", "total = nn.utils.clip"), { clippable: 3200 }],
  ])("says nothing of %s", (_, text, run) => expect(unlikely(text, run)).toEqual([]));
});

describe("clip-scaled-gradients", () => {
  const text = train("nn.LSTM(4, 4)", "Adam", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)")
    .replace("for x", 'scaler = torch.amp.GradScaler("cuda")\nfor x')
    .replace("(model(x) - y).pow(2).mean().backward()", "scaler.scale((model(x) - y).pow(2).mean()).backward()")
    .replace("optimizer.step()", "scaler.step(optimizer)");
  const scaled = (run: Partial<ObservedRun>) =>
    found("clip-scaled-gradients", text, { at: "scaler.step", clipAt: "nn.utils", ...run })[0]!;

  it("is confirmed by a run that saw the scale", () => {
    const finding = scaled({ clippedScale: 65536 });
    expect(finding).toMatchObject({ severity: "error", run: { id: "r1" } });
    expect(finding.message).toContain(
      "A run on 20 November confirms it: they were 65,536 times too large when they were clipped.",
    );
    expect(scaled({ clippedScale: 65536, older: true }).severity).toBe("warning");
    expect(scaled({})).toMatchObject({ severity: "warning", message: expect.not.stringContaining("run") });
  });
});

describe("hover", () => {
  const markdown = (text: string, at: string, run: Partial<ObservedRun>) => {
    const module = analyser.open(text);
    module.observe([
      { ...RUN, siteLine: lineOf(text, "optimizer.step()"), clipLine: lineOf(text, "nn.utils"), ...run },
    ]);
    const hover = module.hover(text.indexOf(at) + 1)!;
    module.dispose();
    return hover.markdown;
  };

  it("tells what the last runs saw at an update, with a way to look at them", () => {
    const run = { ...exploded, link: "command:show" };
    expect(markdown(RECURRENT, "optimizer.step", { ...run, clipLine: null })).toContain(
      "- Run of [20 November](command:show): 400 steps, median norm 2, 99% under 9, the largest 14; exploded after step 1,203, to a norm of 812",
    );
  });

  it("tells what is wrong with the last run beside the threshold", () => {
    const found = (kind: Diagnosis["kind"]): Diagnosis => ({
      kind,
      confidence: "likely",
      firstStep: 100,
      lastStep: 1300,
      evidence: `The numbers of ${kind}.`,
      next: "What to do.",
    });
    const text = train("nn.LSTM(4, 4)", "SGD", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)");
    const diagnoses = [found("hot-learning-rate"), found("over-clipping"), found("bad-batch")];
    const update = markdown(text, "optimizer.step", { diagnoses });
    expect(update).toContain(
      "the largest 14\n  - **The learning rate is too high** (likely, steps 100 to 1,300). The numbers of hot-learning-rate. What to do.\n  - **The clipping is too strong**",
    );
    expect(update).not.toContain("bad-batch");
    const clip = markdown(text, "nn.utils", { diagnoses });
    expect(clip).toContain("**The clipping is too strong** (likely");
    expect(clip).not.toContain("learning rate");
  });

  it("tells it of a clip, too", () => {
    const text = train("nn.LSTM(4, 4)", "Adam", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)");
    expect(markdown(text, "nn.utils", { older: true, sudden: true })).toContain(
      "- Run of 20 November, an older version of this file: 400 steps, median norm 2, 99% under 9, the largest 14; became NaN or infinite all at once",
    );
  });
});
