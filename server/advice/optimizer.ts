/** Does clipping every gradient to a fraction make the updates smaller? */

/** Each divides the gradient by an average of its own size (or takes its sign), which undoes any constant factor. */
const INVARIANT =
  /^(\w*adam\w*|adagrad|adadelta|rmsprop|adafactor|lamb\w*|\w*lion\w*|adopt|adan|adabelief\w*|amsgrad|novograd|yogi|rprop|muon\w*|shampoo|soap|sophia\w*|prodigy)$/i;
const PROPORTIONAL = /^(sgd\w*|noisy_sgd|asgd|nag|momentum\w*|nesterov\w*|gradientdescent\w*)$/i;

/** True of Adam and its kin, false of SGD with or without momentum; null where the optimizer is another one, or not known. */
export function isScaleInvariant(optimizer: string | null): boolean | null {
  const name = optimizer?.slice(optimizer.lastIndexOf(".") + 1) ?? "";
  if (INVARIANT.test(name)) return true;
  return PROPORTIONAL.test(name) ? false : null;
}
