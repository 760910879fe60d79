/** Haiku: networks as pure functions; their training is plain JAX with Optax. */
import type { Framework } from "./framework.ts";

export const haiku: Framework = {
  name: "haiku",
  title: "Haiku",
  mentions: ["haiku"],
  triggers: ["update"],
  calls: {
    "haiku.grad()": { event: "backward" },
    "haiku.value_and_grad()": { event: "backward" },
  },
  passThrough: { "haiku.jit": "first", "haiku.remat": "first" },
  inert: /^haiku(\.|$)/,
  layers: ["haiku.", "haiku.nets."],
  architectures: [
    { architecture: "transformer", pattern: /^haiku\.MultiHeadAttention\b/ },
    {
      architecture: "recurrent",
      pattern: /^haiku\.(LSTM|GRU|VanillaRNN|DeepRNN|Conv\dDLSTM|deep_rnn_with_skip_connections)\b/,
    },
    { architecture: "convolutional", pattern: /^haiku\.(Conv\dD(Transpose)?|nets\.(ResNet|MobileNet)\w*)\b/ },
  ],
};
