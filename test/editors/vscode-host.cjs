// Activates the extension as the editor does, and prints what came of it. Its argument is the directory of the
// extension.
const path = require('node:path');
const vscode = require('vscode');

const [, , directory] = process.argv;
const { activate, deactivate } = require(path.join(directory, 'dist/extension.cjs'));

/** Milliseconds in which the server has to answer. */
const patienceMs = 20_000;

async function run() {
  const context = { subscriptions: [], asAbsolutePath: (name) => path.join(directory, name) };
  await activate(context);
  const end = Date.now() + patienceMs;
  while (vscode.$shown.length === 0 && vscode.$diagnostics.length === 0 && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await deactivate();
  const problems = vscode.$diagnostics.flatMap(({ found }) => found ?? []).map(({ code }) => code);
  console.log(JSON.stringify({ commands: [...vscode.$commands.keys()], shown: vscode.$shown, problems }));
  process.exit(0);
}

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
