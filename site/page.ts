/** The page that `tsfront graph --format html` writes: its graph is in it. */
import type { BuildGraph } from '../src/graph/graph-model.ts';
import { byId } from './viewer/dom.ts';
import { createSource } from './viewer/source.ts';
import { createViewer } from './viewer/viewer.ts';

const state = createViewer();
createSource(byId('source-body'), state);
state.show(JSON.parse(byId('graph').textContent) as BuildGraph);
