/** The debug adapter that debugpy has, run by the interpreter of the session. */
const { DebugAdapterExecutable, debug } = require("vscode");

exports.activate = ({ subscriptions }) => {
  subscriptions.push(
    debug.registerDebugAdapterDescriptorFactory("debugpy", {
      createDebugAdapterDescriptor: ({ configuration }) =>
        new DebugAdapterExecutable(configuration.python, ["-m", "debugpy.adapter"]),
    }),
  );
};
