/** The runs that the tests show. */
import type { ClipSite, LayerSource, Story } from "../../protocol/telemetry.ts";
import { type RecordedRun, readTrace, runInfo, seriesInfo } from "./recorded-run.ts";

const SCRIPT = "/home/ada/project/train.py";
export const SITE = { file: SCRIPT, line: 42 };
/** The same script at different commits. */
const ran = (commit: string) => ({ commit, scriptHash: "e3".repeat(32) });
const CLIP: ClipSite = {
  kind: "norm",
  function: "torch.nn.utils.clip_grad_norm_",
  location: { file: SCRIPT, line: 41 },
};

/** Clipped at 1, a spike at step 600 that the trace's own bad batch made, others at 400 and 500; keeps its threshold. */
export const spikes: RecordedRun = {
  info: runInfo("spikes", "train.py", { code: ran("4b825dc642cb6eb9a060e54bf8d69288fbee4904") }),
  series: [
    {
      info: seriesInfo("adamw", "AdamW", { clip: CLIP }),
      steps: readTrace("spike"),
      threshold: 1,
      skipped: [120, 260],
      told: {
        lr: (step) => 5e-4 * (1 + Math.cos((Math.PI * step) / 700)),
        update_ratio: (step) => 2e-3 * (1 + Math.cos((Math.PI * step) / 710)) + 1e-5,
        step_time: (step) => 0.05 + 0.004 * Math.sin(step * 12.9898) + (step % 250 === 249 ? 0.3 : 0),
      },
    },
  ],
};

/** The same, of a run that may be controlled; and one that has nothing to control. */
export const controlled: RecordedRun = {
  ...spikes,
  info: runInfo("controlled", "train.py --allow-control"),
  overrides: [],
};
/** Clipped so high that another threshold is suggested. */
export const loose: RecordedRun = {
  ...controlled,
  info: runInfo("loose", "train.py --clip 20"),
  series: [{ ...spikes.series[0]!, threshold: 20 }],
};
export const paused: RecordedRun = {
  ...controlled,
  info: runInfo("paused", "train.py --lr 3"),
  paused: {
    series: "adamw",
    step: 700,
    message: "Paused before the update at step 700: the gradient of decoder.weight is not finite.",
    canSkip: true,
  },
};
export const compiled: RecordedRun = {
  ...loose,
  info: runInfo("compiled", "jitted.py --allow-control"),
  series: [
    {
      ...loose.series[0]!,
      info: seriesInfo("adamw", "AdamW", { clip: CLIP, fixed: "Its threshold is part of the compiled step." }),
    },
  ],
};
/** Clipped by each parameter's own norm. */
export const oneByOne: RecordedRun = {
  ...loose,
  info: runInfo("one-by-one", "each.py --allow-control"),
  series: [{ ...loose.series[0]!, info: seriesInfo("adamw", "AdamW", { clip: { ...CLIP, kind: "other" } }) }],
};
export const uncontrollable: RecordedRun = {
  info: runInfo("uncontrollable", "plain.py"),
  series: [{ info: seriesInfo("adamw", "AdamW"), steps: readTrace("calm"), threshold: null }],
  overrides: [],
};

/** NaN at its last step: the threshold in force is 1, a far lower one is suggested. */
export const nonFinite: RecordedRun = {
  info: runInfo("non-finite", "train.py --lr 0.1", {
    args: ["--lr", "0.1"],
    code: ran("da39a3ee5e6b4b0d3255bfef95601890afd80709"),
  }),
  series: [
    { info: seriesInfo("sgd", "SGD", { optimizer: "SGD", clip: CLIP }), steps: readTrace("non-finite"), threshold: 1 },
  ],
};

/** The same, of large updates and with a layer that gets no gradient. */
export const troubled: RecordedRun = {
  info: runInfo("troubled", "train.py --lr 3", { args: ["--lr", "3"] }),
  series: [
    {
      info: seriesInfo("sgd", "SGD", { optimizer: "SGD", clip: CLIP }),
      steps: readTrace("non-finite"),
      threshold: 1,
      told: { lr: () => 3, update_ratio: (step) => 0.08 + 0.02 * Math.sin(step) },
      layers: {
        names: ["features.0.weight", "features.0.bias", "gate.weight", "classifier.weight"],
        every: 10,
        norm: (layer, { norm }) => (layer === 2 ? 0 : norm / 2),
      },
    },
  ],
};

/** As the probe tells it of such a run. */
export const STORY: Story = {
  incident: { kind: "nonfinite", series: "sgd", step: 450, time: 1_790_000_000 },
  sections: [
    {
      title: "What happened",
      lines: [
        "The first bad one was step 450 (batch 450, counted from 0): the loss was nan and the gradient norm was nan.",
        "The input of layer features.0 is not finite: 2 of 64 values, in rows 3, 7 of the batch.",
      ],
      table: [],
    },
    {
      title: "What led to it",
      lines: [],
      table: [
        ["step", "loss", "norm", "clipped", "threshold", "lr"],
        ["447", "1.104", "0.6502", "0.6502", "1", "0.1"],
        ["448", "1.063", "0.9263", "0.9263", "1", "0.1"],
        ["449", "0.9677", "0.4487", "0.4487", "1", "0.1"],
        ["450", "nan", "nan", "nan", "1", "0.1"],
      ],
    },
    {
      title: "Gradient norm of the largest layers",
      lines: [],
      table: [
        ["step", "447", "448", "449", "450"],
        ["features.0.weight", "0.4012", "0.8121", "0.3215", "nan"],
        ["classifier.weight", "0.3301", "0.2874", "0.2716", "nan"],
      ],
    },
    {
      title: "What to change",
      lines: [
        "Look at batch 450, rows 3, 7: the data held values that are not finite before the model saw them. Repair or drop them where the data is loaded, or skip a batch that holds any.",
        "Clipping can't repair a norm that is not finite: it spreads to every gradient. Stop there instead (error_if_nonfinite=True) or leave that update out.",
      ],
      table: [],
    },
  ],
};

/** As the probe tells it of a run whose gradients were well when it failed. */
export const ENDED: Story = {
  incident: null,
  sections: [
    {
      title: "What happened",
      lines: ["No step was non-finite, and none exploded. The last one recorded is step 1,199."],
      table: [],
    },
    {
      title: "The last steps",
      lines: [],
      table: [
        ["step", "loss", "norm", "lr"],
        ["1,198", "0.08848", "0.8122", "0.01"],
        ["1,199", "0.06754", "0.6159", "0.01"],
      ],
    },
  ],
};

export const TRACEBACK = `Traceback (most recent call last):
  File "${SCRIPT}", line 55, in <module>
    assert loss.isfinite(), loss
AssertionError: tensor(nan, grad_fn=<NllLossBackward0>)
`;

/** Unclipped, heavy tails: a threshold is suggested. */
export const unclipped: RecordedRun = {
  info: runInfo("unclipped", "finetune.py"),
  series: [{ info: seriesInfo("adamw", "AdamW"), steps: readTrace("heavy-tail"), threshold: null }],
};

/** A bad batch at every fiftieth step, the worst at step 500. */
export const spiky: RecordedRun = {
  info: runInfo("spiky", "noisy.py"),
  series: [
    {
      info: seriesInfo("adamw", "AdamW", { clip: CLIP }),
      steps: readTrace("calm").map(({ step, loss, norm }) => ({
        step,
        loss,
        norm: norm * (step === 500 ? 80 : step > 0 && step % 50 === 0 ? 20 : 1),
      })),
      threshold: 1,
    },
  ],
};

/** Unclipped and calm over more than 1000 steps. */
export const calm: RecordedRun = {
  info: runInfo("calm", "baseline.py"),
  series: [{ info: seriesInfo("adamw", "AdamW"), steps: readTrace("calm"), threshold: null }],
};

/** Six learning rates tried one after the other; the second trial clips at half of the others' threshold. */
export const sweep: readonly RecordedRun[] = [0.01, 0.03, 0.1, 0.3, 1, 3].map((lr, i) => ({
  info: runInfo(`sweep-${i}`, `sweep --lr ${lr}`, { args: ["--lr", String(lr)] }),
  series: [
    {
      info: seriesInfo("adamw", "AdamW", { clip: CLIP }),
      steps: readTrace("calm").map(({ step, loss, norm }) => ({
        step,
        loss: loss * (1 + 0.15 * i),
        norm: norm * (1 + 0.5 * i),
      })),
      threshold: i === 1 ? 0.5 : 1,
      told: { lr: () => lr },
    },
  ],
}));

/** Its norms fall a thousandfold. */
export const converged: RecordedRun = {
  info: runInfo("converged", "baseline.py --steps 1200"),
  series: [
    {
      info: seriesInfo("adamw", "AdamW"),
      steps: readTrace("calm").map((step) => ({ ...step, norm: step.norm * 1e-3 ** Math.min(1, step.step / 400) })),
      threshold: null,
    },
  ],
};

export const early: RecordedRun = {
  info: runInfo("early", "train.py --seed 2"),
  series: [
    { info: seriesInfo("adamw", "AdamW", { clip: CLIP }), steps: readTrace("spike").slice(0, 12), threshold: 1 },
  ],
};

/** Reported in, without a step. */
export const waiting: RecordedRun = { info: runInfo("waiting", "train.py --seed 3"), series: [] };

/** Ran to its end, and no optimizer took a step that could be seen. */
export const unseen: RecordedRun = { info: runInfo("unseen", "manual.py"), series: [] };

/** Not one of its norms or losses is finite. */
export const allNaN: RecordedRun = {
  info: runInfo("all-nan", "train.py --lr 1e9"),
  series: [
    {
      info: seriesInfo("sgd", "SGD", { optimizer: "SGD", clip: CLIP }),
      steps: Array.from({ length: 200 }, (_, step) => ({ step, loss: Number.NaN, norm: Number.NaN })),
      threshold: 1,
    },
  ],
};

/** Its loss has no part in any parameter. */
export const allZero: RecordedRun = {
  info: runInfo("all-zero", "detached.py"),
  series: [
    {
      info: seriesInfo("adamw", "AdamW"),
      steps: readTrace("calm").map((step) => ({ ...step, norm: 0 })),
      threshold: null,
    },
  ],
};

/** Failed for another reason than its gradients. */
export const failedOtherwise: RecordedRun = {
  info: runInfo("failed-otherwise", "evaluate.py"),
  series: [{ info: seriesInfo("adamw", "AdamW"), steps: readTrace("calm"), threshold: null }],
};

/** Failed before an optimizer took a step. */
export const endedEarly: RecordedRun = { info: runInfo("ended-early", "train.py --lr oops"), series: [] };

export const gan: RecordedRun = {
  info: runInfo("gan", "gan.py"),
  series: [
    {
      info: seriesInfo("generator", "generator", { optimizer: "Adam" }),
      steps: readTrace("heavy-tail"),
      threshold: null,
    },
    {
      info: seriesInfo("discriminator", "discriminator", { optimizer: "Adam", clip: CLIP }),
      steps: readTrace("calm"),
      threshold: 0.1,
    },
  ],
};

/** Logged by hand in a notebook: nobody knows where the code is; and steps 300 to 399 never arrived. */
export const noScript: RecordedRun = {
  info: runInfo("no-script", "notebook", { script: null }),
  series: [
    {
      info: seriesInfo("log", "log", { optimizer: null, site: null }),
      steps: readTrace("heavy-tail").filter(({ step }) => step < 300 || step >= 400),
      threshold: null,
    },
  ],
};

/** One of four processes that have a part of the gradients each; the third one's process ends after 150 steps. */
export const sharded = (rank: number): RecordedRun => ({
  info: runInfo("sharded", "pretrain.py"),
  rank,
  worldSize: 4,
  series: [
    {
      info: seriesInfo("optimizer", "optimizer"),
      steps: readTrace("heavy-tail")
        .slice(0, rank === 2 ? 150 : 151)
        .map(({ step, loss, norm }) => ({ step, loss: loss * (1 + rank / 100), norm: (norm / 2) * (1 + rank / 10) })),
      threshold: null,
      spread: true,
    },
  ],
});

const BLOCKS = Array.from({ length: 5 }, (_, i) =>
  ["attention.weight", "attention.bias", "mlp.weight", "mlp.bias"].map((name) => `blocks.${i}.${name}`),
).flat();
export const LAYERS = ["embed.weight", ...BLOCKS, "head.weight"];
/** What makes the first layer is known to the line, of the second only the class. */
export const EMBEDDING: LayerSource = {
  module: "torch.nn.modules.sparse.Embedding",
  owner: "Deep",
  definition: { file: "/home/ada/project/deep.py", line: 3 },
  assignment: { file: "/home/ada/project/deep.py", line: 6 },
};
export const HEAD: LayerSource = { ...EMBEDDING, module: "torch.nn.modules.linear.Linear", assignment: null };
/** Gradients that vanish towards the input, a weight that goes NaN, a bias that gets none, and samples that were lost. */
export const layered: RecordedRun = {
  info: runInfo("layered", "deep.py"),
  series: [
    {
      info: seriesInfo("sgd", "SGD", {
        optimizer: "SGD",
        clip: CLIP,
        code: { sources: [EMBEDDING, HEAD], of: { t: LAYERS.map((_, i) => (i === 0 ? 0 : i < 3 ? 1 : null)) } },
      }),
      steps: readTrace("spike").filter(({ step }) => step < 300 || step >= 400),
      threshold: 1,
      layers: {
        names: LAYERS,
        every: 5,
        norm(layer, { step, norm }) {
          if (layer === 8) return 0;
          if (layer === 15 && step >= 600 && step < 620) return Number.NaN;
          const bias = LAYERS[layer]!.endsWith("bias") ? 0.2 : 1;
          return norm * 10 ** ((layer - LAYERS.length + 1) / 5) * bias * (1 + 0.5 * Math.sin(step * 0.7 + layer * 2.4));
        },
      },
    },
  ],
};

/** A model of 2,000 layers. */
export const MANY = Array.from({ length: 50 }, (_, block) =>
  Array.from({ length: 40 }, (_, i) => `model.blocks.${block}.${i < 20 ? "attention" : "mlp"}.${i % 20}.weight`),
).flat();
export const manyLayers: RecordedRun = {
  info: runInfo("many-layers", "huge.py"),
  series: [
    {
      info: seriesInfo("adamw", "AdamW"),
      steps: readTrace("calm").slice(0, 400),
      threshold: null,
      layers: {
        names: MANY,
        every: 10,
        norm: (layer, { norm, step }) =>
          layer === 1234 && step === 200 ? 1e4 : norm * 10 ** (-3 * Math.cos(layer / 400) - ((layer * 7) % 13) / 13),
      },
    },
  ],
};

/** Killed at step 400, and started again from a checkpoint of step 350. */
export const restarted = ["attempt-1", "attempt-2"].map(
  (attempt, i): RecordedRun => ({
    info: runInfo("restarted", "train.py --resume"),
    attempt,
    series: [
      {
        info: seriesInfo("adamw", "AdamW", { clip: CLIP }),
        steps: readTrace("spike").slice(...(i === 0 ? [0, 400] : [350, 550])),
        threshold: 1,
      },
    ],
  }),
);

/** A head, groups 2 and 3, with ten times the backbone's learning rate until step 300, and a frozen one of no rate at all. */
export const groups: RecordedRun = {
  info: runInfo("groups", "finetune.py --head-lr 1e-3"),
  series: [
    {
      info: seriesInfo("adamw", "AdamW", { clip: CLIP }),
      steps: readTrace("calm").slice(0, 600),
      threshold: 1,
      rates: (step) => {
        const backbone = 5e-5 * (1 + Math.cos((Math.PI * step) / 600));
        const head = step < 300 ? 10 * backbone : backbone;
        return [backbone, backbone, head, head, 0];
      },
    },
  ],
};

export const HOSTILE_NAME = '<img src=x onerror="document.title=1"><b>run</b>';
export const hostile: RecordedRun = {
  info: runInfo("hostile", HOSTILE_NAME, { script: "/tmp/<script>alert(1)</script>.py" }),
  series: [
    { info: seriesInfo("a", "<i>a</i>"), steps: readTrace("spike").slice(0, 60), threshold: null },
    { info: seriesInfo("b", "</ul><h1>b"), steps: readTrace("spike").slice(0, 60), threshold: null },
  ],
};
