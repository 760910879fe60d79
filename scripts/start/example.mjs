/** Which script is trained: the PyTorch one where a Python has PyTorch, else one that needs nothing but Python. */
import { existsSync } from "node:fs";
import { VENV_PYTHON } from "../setup/paths.mjs";
import { findPython, hasTorch } from "../setup/python.mjs";

/** @typedef {{ python: string, script: string, reason: string, checkSteps: number }} Example `checkSteps`: enough to watch it grow */

/** @returns {Example} */
export function chooseExample() {
  const python = findPython();
  const candidates = process.env.GRADSIGHT_PYTHON || !existsSync(VENV_PYTHON) ? [python] : [python, VENV_PYTHON];
  const withTorch = candidates.find(hasTorch);
  return withTorch
    ? { python: withTorch, script: "train_pytorch.py", reason: `PyTorch in ${withTorch}`, checkSteps: 150 }
    : { python, script: "train_plain_python.py", reason: `${python} has no PyTorch`, checkSteps: 400 };
}
