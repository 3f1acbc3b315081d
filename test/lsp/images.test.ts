import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CompletionList, Hover } from 'vscode-languageserver-protocol/node';
import { type FakeRegistry, fakeImage, startFakeRegistry } from '../registry/fake-registry.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type Editor, markdownCapabilities, startEditor } from './client.ts';

let dir: string;
let registry: FakeRegistry;
const editors: Editor[] = [];

beforeAll(async () => {
  dir = temporaryDir();
  registry = await startFakeRegistry();
  const config = { config: { Env: ['PATH=/opt/bin', 'GREETING=hello'], User: 'app' } };
  registry.images.set('team/base:1', fakeImage({ 'linux/amd64': config, 'linux/arm64': config }));
  registry.fault = ({ url }, response) => {
    if (!url?.includes('/tags/list')) return false;
    response.end(JSON.stringify({ name: 'team/base', tags: ['1', '1.1', 'latest'] }));
    return true;
  };
});
afterAll(async () => {
  for (const editor of editors) editor.kill();
  await registry.close();
});

async function start(settings: object): Promise<Editor> {
  process.env['XDG_CACHE_HOME'] = path.join(dir, 'cache');
  const editor = await startEditor({ folders: [dir], settings });
  editors.push(editor);
  return editor;
}

const text = () => `ARG TAG=1\nFROM ${registry.host}/team/base:$TAG\nRUN echo $GREETING\n`;
const textOf = (hover: Hover) => (hover.contents as { value: string }).value;

test('without the setting, no registry hears of a file', async () => {
  const editor = await start({});
  const document = await editor.open(path.join(dir, 'Dockerfile'), text());
  const before = registry.log.length;
  const hover = await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('/team', 1));
  expect(textOf(hover)).toContain('Nothing is known about it without its registry.');
  const tags = await editor.open(path.join(dir, 'Dockerfile.tags'), `FROM ${registry.host}/team/base:\n`);
  await editor.connection.sendRequest('textDocument/completion', tags.at('base:', 5));
  expect(registry.log.length).toBe(before);
});

test('with the setting, an image has its platforms and its config, variables their values, and tags complete', async () => {
  const editor = await start({ registry: true });
  const document = await editor.open(path.join(dir, 'Dockerfile'), text());
  const image = textOf(await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('/team', 1)));
  expect(image).toContain('Known from its registry.');
  expect(image).toContain('- platforms: `linux/amd64`, `linux/arm64`');
  expect(image).toContain('- user: `app`');
  const variable = await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('$GREETING', 1));
  expect(textOf(variable)).toContain('**GREETING** = `hello`');
  const tags = await editor.open(path.join(dir, 'Dockerfile.tags'), `FROM ${registry.host}/team/base:1\n`);
  const place = tags.at('base:1', 6);
  const { items } = await editor.connection.sendRequest<CompletionList>('textDocument/completion', place);
  expect(items.map(({ label }) => label)).toContain(`${registry.host}/team/base:1.1`);
});

test('an image table makes images known without a registry', async () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const images = { 'alpine:3': { digest, platforms: { '*': { config: { Env: ['GREETING=hi'] } } } } };
  writeFileSync(path.join(dir, 'images.json'), JSON.stringify({ images }));
  const editor = await start({ images: ['images.json'] });
  const document = await editor.open(path.join(dir, 'Dockerfile'), 'FROM alpine:3\nRUN echo $GREETING $NOTHING\n');
  const image = await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('alpine', 1));
  expect(textOf(image)).toContain(`Known from an image table.\n- digest: \`${digest}\``);
});

test('settings of the editor come by its own request, and may change', async () => {
  const given: Record<string, unknown> = { buildArgs: { TAG: 'given' } };
  const editor = await startEditor({
    folders: [dir],
    capabilities: {
      ...markdownCapabilities,
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
    },
    settings: given,
  });
  editors.push(editor);
  const document = await editor.open(path.join(dir, 'Dockerfile'), text());
  const hover = async () =>
    textOf(await editor.connection.sendRequest<Hover>('textDocument/hover', document.at('$TAG', 1)));
  await expect.poll(hover).toContain('**TAG** = `given`');
  given['buildArgs'] = { TAG: 'another' };
  await editor.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
  await expect.poll(hover).toContain('**TAG** = `another`');
});
