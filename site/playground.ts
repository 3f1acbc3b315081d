/** The playground: a Dockerfile is compiled as it is typed, in the browser. */
import type { Finding, PlaygroundResult } from './playground/compile.ts';
import { createEditor } from './playground/editor.ts';
import { example } from './playground/example.ts';
import { knownImages } from './playground/images.ts';
import { byId, element } from './viewer/dom.ts';
import { createViewer } from './viewer/viewer.ts';

/** Milliseconds without a key after which the text is compiled. */
const pauseMs = 120;

const state = createViewer();
const target = byId<HTMLInputElement>('target');
const code = JSON.parse(byId('worker').textContent) as string;
const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));

let newest = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const status = byId('status');
const findings = byId('findings');

const editor = createEditor(byId('source-body'), example, state, () => {
  clearTimeout(timer);
  timer = setTimeout(compile, pauseMs);
});

function compile() {
  const names = target.value.trim();
  document.body.classList.add('compiling');
  worker.postMessage({ id: ++newest, text: editor.text(), opts: names ? { target: names } : {} });
}

worker.addEventListener('message', ({ data }: MessageEvent<PlaygroundResult & { id: number }>) => {
  if (data.id !== newest) return;
  document.body.classList.remove('compiling');
  editor.show(data.findings);
  showFindings(data.findings);
  document.body.classList.toggle('stale', data.built === undefined);
  status.textContent = data.built
    ? statusText(data.unknownImages)
    : 'It does not compile: the graph is that of the last text that did.';
  if (!data.built) return;
  state.show(data.built.graph);
  byId('llb').textContent = data.built.tree;
  byId('image').textContent = data.built.imageConfig;
});

worker.addEventListener('error', ({ message }) => {
  document.body.classList.remove('compiling');
  document.body.classList.add('stale');
  status.textContent = `The compiler has stopped${message && ` (${message})`}: reload the page. Your text is lost then, so copy it first.`;
});

function statusText(unknown: readonly string[]): string {
  if (unknown.length === 0)
    return `Base images are those of a small table (${knownImages.join(', ')}), not of a registry.`;
  return `Treated as empty images, because nothing is fetched: ${unknown.join(', ')}.`;
}

function showFindings(list: readonly Finding[]) {
  const items = list.map(({ line, severity, code: name, message, hint, from }) => {
    const button = element(
      'button',
      { class: `finding ${severity}` },
      element('span', { class: 'chip' }, `line ${line}`),
      element('b', {}, name),
      element('span', {}, message, hint && element('span', { class: 'muted' }, ` ${hint}`)),
    );
    button.addEventListener('click', () => editor.goTo(from));
    return element('li', {}, button);
  });
  findings.replaceChildren(...(items.length > 0 ? items : [element('li', { class: 'muted none' }, 'No findings')]));
}

const tabs = [...document.querySelectorAll<HTMLButtonElement>('[data-pane]')];
const choose = (tab: HTMLButtonElement) => {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute('aria-selected', String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    byId(other.dataset['pane']!).hidden = !isChosen;
  }
};
tabs.forEach((tab, index) => {
  tab.addEventListener('click', () => choose(tab));
  tab.addEventListener('keydown', ({ key }) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (by === undefined) return;
    const next = tabs[(index + by + tabs.length) % tabs.length]!;
    choose(next);
    next.focus();
  });
});
target.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(compile, pauseMs);
});
compile();
