/** The part of the Python extension's public API that ours uses, with the user's choice made by `select`. */
const { EventEmitter, Uri } = require("vscode");

exports.activate = () => {
  const changed = new EventEmitter();
  let selected = "";
  return {
    select(path) {
      selected = path;
      changed.fire({ path });
    },
    environments: {
      onDidChangeActiveEnvironmentPath: changed.event,
      getActiveEnvironmentPath: () => ({ id: selected, path: selected }),
      resolveEnvironment: async ({ path }) => (path ? { executable: { uri: Uri.file(path) } } : undefined),
    },
  };
};
