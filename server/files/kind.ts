/** What a file is, by its name. */
import { extname } from "node:path";

/** JSON or YAML, which may configure a training. */
export const isConfig = (path: string): boolean => /^\.(json|ya?ml)$/i.test(extname(path));

export const isPython = (path: string): boolean => /^\.pyw?$/i.test(extname(path));

/** Jupyter's. */
export const isNotebook = (path: string): boolean => /^\.ipynb$/i.test(extname(path));
