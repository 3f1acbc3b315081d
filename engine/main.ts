/** The Dockerfile frontend as the program of the frontend image. */
import { canceled } from '../src/gateway/error-status.ts';
import { runForDaemon } from '../src/gateway/run-for-daemon.ts';
import { runFrontend } from '../src/gateway/run-frontend.ts';
import { rehearse } from './rehearse.ts';
import { runOnEngine } from './run.ts';

runOnEngine((process) => runForDaemon((bridge) => runFrontend(bridge, { explainsSources: true }), process), canceled);
rehearse().catch((error) => {
  native.write(2, native.encodeText(`rehearsal: ${error}\n`));
  native.exit(2);
});
