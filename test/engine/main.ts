/** `npm run engine -- install|start|stop|status [SUITE…]`: the engines of the tests, by hand. */
import { installEngine, runningEngines, type Suite, startEngine, stopEngine, suites } from './engine.ts';

const [verb, ...rest] = process.argv.slice(2);
const chosen = rest.length ? (rest as Suite[]) : suites;
const unknown = chosen.find((suite) => !suites.includes(suite));
if (unknown || !['install', 'start', 'stop', 'status'].includes(verb ?? '')) {
  console.error(`usage: npm run engine -- install|start|stop|status [${suites.join('|')}]…`);
  process.exit(2);
}
for (const suite of chosen) {
  if (verb === 'start') {
    const { DOCKER_HOST, DOCKER_CONFIG, ENGINE_REGISTRY } = (await startEngine(suite)).env;
    console.log(
      `${suite}: DOCKER_HOST=${DOCKER_HOST} DOCKER_CONFIG=${DOCKER_CONFIG} ENGINE_REGISTRY=${ENGINE_REGISTRY}`,
    );
  } else if (verb === 'status') {
    console.log(`${suite}: ${runningEngines().includes(suite) ? 'up' : 'down'}`);
  } else {
    const { status, stderr } = await (verb === 'install' ? installEngine(suite) : stopEngine(suite));
    process.stderr.write(stderr);
    if (status !== 0) process.exitCode = 1;
  }
}
