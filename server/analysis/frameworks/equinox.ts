/** Equinox: models as pytrees; its gradient functions and transformations leave everything that is no array alone. */
import type { Framework, Meaning } from "./framework.ts";

const backward: Meaning = { event: "backward" };

export const equinox: Framework = {
  name: "equinox",
  title: "Equinox",
  mentions: ["equinox"],
  triggers: ["update"],
  calls: { "equinox.filter_grad()": backward, "equinox.filter_value_and_grad()": backward },
  passThrough: {
    "equinox.filter_jit": "first",
    "equinox.filter_pmap": "first",
    "equinox.filter_vmap": "first",
    "equinox.filter_checkpoint": "first",
    "equinox.filter_shard_map": "first",
    "equinox.filter_shard": "first",
    "equinox.debug.assert_max_traces": "first",
  },
  inert: /^equinox(\.|$)/,
  layers: ["equinox.nn."],
  architectures: [
    { architecture: "transformer", pattern: /^equinox\.nn\.MultiheadAttention\b/ },
    { architecture: "recurrent", pattern: /^equinox\.nn\.(LSTMCell|GRUCell)\b/ },
    { architecture: "convolutional", pattern: /^equinox\.nn\.Conv(Transpose)?(\dd)?\b/ },
  ],
};
