/** A broken config.json of Docker: what is right in it counts, and what is wrong is told. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { dockerCredentials, dockerProxies } from '../../src/registry/docker-config.ts';
import { temporaryDir } from '../temporary-dir.ts';

const auth = Buffer.from('me:secret').toString('base64');
const right = { auths: { 'a.example': { auth } }, proxies: { default: { httpProxy: 'http://proxy' } } };

function written(text: string): string {
  const dir = temporaryDir({ 'config.json': text });
  return dir;
}

test.each([
  ['{', 'it is not JSON'],
  [`{"auths": {"a.example": {"auth": "${auth}"`, 'it is not JSON'],
  ['[]', 'its content is not an object'],
  ['5', 'its content is not an object'],
  ['{"auths": []}', 'auths is not an object'],
  ['{"auths": {"x": 5}}', 'auths["x"] is not an object'],
  ['{"auths": {"x": {"auth": 5}}}', 'auths["x"].auth is not a text'],
  ['{"auths": {"x": {"auth": "%%"}}}', 'auths["x"].auth is not NAME:PASSWORD in base64'],
  ['{"credsStore": {}}', 'credsStore is not a text'],
  ['{"credHelpers": "x"}', 'credHelpers is not an object'],
  ['{"credHelpers": {"x": 1}}', 'credHelpers["x"] is not a text'],
  ['{"proxies": {"default": []}}', 'proxies["default"] is not an object'],
  ['{"proxies": {"default": {"noProxy": []}}}', 'proxies["default"].noProxy is not a text'],
  ['{"currentContext": 1}', 'currentContext is not a text'],
])('%s is told, and left out', async (text, why) => {
  const dir = written(text);
  const told: string[] = [];
  const onWarning = (message: string) => void told.push(message);
  expect(dockerProxies('unix:///x', dir, onWarning)).toEqual({});
  const found = await dockerCredentials(dir, onWarning)('x');
  expect(found).toEqual({ username: '', password: '', identityToken: '', registryToken: '' });
  const message = `Error parsing config file (${path.join(dir, 'config.json')}): ${why}`;
  expect(told).toEqual(Array(2).fill(`${message}; it is left out`));
  expect(told.join()).not.toContain(auth);
  await expect(dockerCredentials(dir)('x')).rejects.toThrow(message);
});

test('what is right beside it counts', async () => {
  const told: string[] = [];
  const onWarning = (message: string) => void told.push(message);
  const broken = { ...right, auths: { ...right.auths, x: { auth: '%%' } }, credHelpers: { y: 1 }, currentContext: [] };
  const dir = written(JSON.stringify(broken));
  expect(dockerProxies('unix:///x', dir, onWarning)).toEqual({ HTTP_PROXY: 'http://proxy' });
  expect(await dockerCredentials(dir, onWarning)('a.example')).toMatchObject({ username: 'me', password: 'secret' });
  expect(told).toHaveLength(6);
});

test.each(['', ' \n', 'null', '{"auths": null, "credHelpers": {"x": null}, "proxies": {"default": null}, "other": 5}'])(
  'a config.json that is %j is accepted',
  async (text) => {
    const dir = written(text);
    expect(dockerProxies('unix:///x', dir, expect.fail)).toEqual({});
    expect(await dockerCredentials(dir)('x')).toMatchObject({ username: '' });
  },
);
