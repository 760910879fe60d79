/** Control messages, as the JSON text that travels, valid and not; `path` is the first field that is wrong. */
const series = {
  id: "adamw",
  label: "AdamW",
  optimizer: "torch.optim.AdamW",
  site: { file: "/home/ada/train.py", line: 12 },
  clip: {
    kind: "norm",
    function: "torch.nn.utils.clip_grad_norm_",
    location: { file: "/home/ada/train.py", line: 11 },
  },
  layers: { "table-1": ["fc.weight", "fc.bias", "勾配.weight"] },
  code: {
    sources: [
      {
        module: "torch.nn.modules.linear.Linear",
        owner: "Net",
        definition: { file: "/home/ada/model.py", line: 3 },
        assignment: { file: "/home/ada/model.py", line: 6 },
      },
      { module: "library.Norm", owner: null, definition: null, assignment: null },
    ],
    of: { "table-1": [0, 0, 1] },
  },
  fixed: "The threshold of optax.clip_by_global_norm is part of the compiled step.",
};

export const run = {
  id: "run-1",
  name: "train.py",
  script: "/home/ada/train.py",
  args: ["--seed", "1"],
  cwd: "/home/ada",
  python: "3.12.4",
  framework: "torch",
  frameworkVersion: "2.13.0",
  host: "workstation",
  pid: 4242,
  startedAt: 1_790_000_000,
  code: { commit: "0123456789abcdef0123456789abcdef01234567", scriptHash: "9f".repeat(32) },
};

export const hello = {
  type: "hello",
  protocol: 1,
  run,
  attempt: "attempt-1",
  rank: 0,
  worldSize: 1,
  group: null,
  series: [series],
  control: null,
};

const event = {
  kind: "nonfinite",
  series: "adamw",
  step: 4,
  time: 1_790_000_001,
  message: "The gradient of fc.weight is not finite.",
  data: { parameter: "fc.weight", value: "NaN" },
};

const story = {
  incident: { kind: "nonfinite", series: "adamw", step: 4, time: 1_790_000_001 },
  sections: [
    { title: "What happened", lines: ["The loss was nan."], table: [] },
    {
      title: "What led to it",
      lines: [],
      table: [
        ["step", "loss"],
        ["4", "nan"],
      ],
    },
  ],
};

export const end = {
  type: "end",
  seq: 5,
  status: "failed",
  error: "Traceback …\nValueError: loss is NaN",
  exitCode: 1,
  time: 1_790_000_010,
};

const valid = (about: string, message: unknown) => ({ about, text: JSON.stringify(message) });
const invalid = (about: string, path: string, message: unknown) => ({ about, path, text: JSON.stringify(message) });

export const messages = {
  probe: {
    valid: [
      valid("hello", hello),
      valid("hello without series, with fields of a newer peer", { ...hello, series: [], mood: "good" }),
      valid("hello of an older peer, which tells nothing of the code", {
        ...hello,
        run: { ...run, code: undefined },
        series: [{ ...series, code: undefined }],
      }),
      valid("hello of a script in no repository", { ...hello, run: { ...run, code: { ...run.code, commit: null } } }),
      valid("hello of a rank", { ...hello, rank: 3, worldSize: 4, group: "0123456789abcdef" }),
      valid("hello of a run that may be controlled", {
        ...hello,
        control: {
          overrides: [
            { series: "adamw", threshold: 0.5, since: 120 },
            { series: "sgd", threshold: "off", since: 0 },
          ],
          paused: null,
        },
      }),
      valid("hello of an older peer, which can't be controlled", { ...hello, control: undefined }),
      valid("a pause", {
        type: "control",
        control: {
          overrides: [],
          paused: { series: "adamw", step: 7, message: "The gradient norm is not finite.", canSkip: true },
        },
      }),
      valid("controlled", { type: "controlled", id: 3, err: null, control: { overrides: [], paused: null } }),
      valid("not controlled", {
        type: "controlled",
        id: 4,
        err: "There is no clip.",
        control: { overrides: [], paused: null },
      }),
      valid("series", { type: "series", series: { ...series, id: "sgd", clip: null, optimizer: null, site: null } }),
      valid("event", { type: "event", seq: 4, event }),
      valid("event with a story", { type: "event", seq: 4, event, story }),
      valid("story of an explosion", {
        type: "story",
        story: { ...story, incident: { ...story.incident, kind: "explosion" } },
      }),
      valid("event without series or step", {
        type: "event",
        seq: 5,
        event: { ...event, kind: "note", series: null, step: null, data: {} },
      }),
      valid("a mark", {
        type: "event",
        seq: 6,
        event: { ...event, kind: "epoch", message: "Epoch 2 begins.", data: { epoch: 2 } },
      }),
      valid("end", end),
      valid("end with a story without an incident", { ...end, story: { ...story, incident: null } }),
      valid("end without error", { ...end, status: "finished", error: null, exitCode: 0 }),
    ],
    invalid: [
      invalid("no type", "type", {}),
      invalid("a type that every object has", "type", { type: "constructor" }),
      invalid("not an object", "type", ["hello"]),
      invalid("hello without run", "run", { ...hello, run: undefined }),
      invalid("rank below zero", "rank", { ...hello, rank: -1 }),
      invalid("a group that is no text", "group", { ...hello, group: 7 }),
      invalid("an id too long", "run.id", { ...hello, run: { ...run, id: "x".repeat(65) } }),
      invalid("a start that is not finite", "run.startedAt", { ...hello, run: { ...run, startedAt: "NaN" } }),
      invalid("a threshold in force below zero", "control.overrides[0].threshold", {
        ...hello,
        control: { overrides: [{ series: "adamw", threshold: -1, since: 0 }], paused: null },
      }),
      invalid("an answer without what is in force", "control", { type: "controlled", id: 3, err: null }),
      invalid("a commit that is no hash", "run.code.commit", {
        ...hello,
        run: { ...run, code: { ...run.code, commit: "--output=/home/ada/train.py" } },
      }),
      invalid("a layer that comes from before the first source", "series.code.of.table-1[0]", {
        type: "series",
        series: { ...series, code: { ...series.code, of: { "table-1": [-1] } } },
      }),
      invalid("an unknown kind of event", "event.kind", { type: "event", seq: 4, event: { ...event, kind: "party" } }),
      invalid("a story of an unknown kind", "story.incident.kind", {
        ...end,
        story: { ...story, incident: { ...story.incident, kind: "party" } },
      }),
      invalid("a story alone that tells nothing", "story", { type: "story" }),
      invalid("a table that is no list", "story.sections[0].table[0]", {
        type: "event",
        seq: 4,
        event,
        story: { ...story, sections: [{ title: "t", lines: [], table: ["step"] }] },
      }),
      invalid("seq as text", "seq", { type: "event", seq: "4", event }),
      invalid("an unknown status", "status", { ...end, status: "great" }),
      invalid("a layer name that is no string", "series.layers.t[0]", {
        type: "series",
        series: { ...series, layers: { t: [1] } },
      }),
    ],
  },
  hub: {
    valid: [
      valid("welcome", { type: "welcome", protocol: 1, next: 0 }),
      valid("ack", { type: "ack", next: 17 }),
      valid("control by a number", { type: "control", id: 0, series: "adamw", threshold: 0.5 }),
      valid("control that switches off", { type: "control", id: 1, series: "adamw", threshold: "off" }),
      valid("control that gives back", { type: "control", id: 2, series: "adamw", threshold: "script" }),
      valid("proceed", { type: "proceed", step: 7, action: "skip" }),
      valid("refused", { type: "refused", reason: "The run was deleted." }),
    ],
    invalid: [
      invalid("an acknowledgement below zero", "next", { type: "ack", next: -1 }),
      invalid("a welcome without next", "next", { type: "welcome", protocol: 1 }),
      invalid("a threshold of nothing", "threshold", { type: "control", id: 0, series: "adamw", threshold: 0 }),
      invalid("an infinite threshold", "threshold", { type: "control", id: 0, series: "adamw", threshold: "Infinity" }),
      invalid("an unknown way to proceed", "action", { type: "proceed", step: 7, action: "retry" }),
      invalid("control without id", "id", { type: "control", series: "adamw", threshold: 1 }),
      invalid("an unknown type", "type", { type: "command" }),
    ],
  },
};
