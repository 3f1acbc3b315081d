import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SshSource, ssh } from '../../src/client/session/ssh.ts';
import { SSH } from '../../src/gen/moby/sshforward/v1/ssh_pb.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeDaemon } from './fake-daemon.ts';

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const string = (value: string | Buffer) => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)]);

/** Sends one request to a forwarded agent and returns its answer, without lengths. */
async function ask(sources: readonly SshSource[], request: Buffer, id = 'default'): Promise<Buffer> {
  const daemon = await fakeDaemon(await ssh(sources));
  const call = daemon.client(SSH).forwardAgent({ metadata: { 'buildkit.ssh.id': id } });
  const bytes = Buffer.concat([uint32(request.length), request]);
  await call.send({ data: bytes.subarray(0, 3) }); // in pieces, as a stream may come
  await call.send({ data: bytes.subarray(3) });
  let answer = Buffer.alloc(0);
  for await (const { data } of call.messages) {
    answer = Buffer.concat([answer, data]);
    if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) break;
  }
  call.cancel();
  return answer.subarray(4);
}

function keyFile(key: KeyObject): string {
  const file = path.join(temporaryDir(), 'key');
  writeFileSync(file, key.export({ format: 'pem', type: 'pkcs8' }));
  return file;
}

describe('an SSH agent', () => {
  const data = Buffer.from('to be signed');

  test.each([
    ['ed25519', () => generateKeyPairSync('ed25519'), null],
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha512'],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'sha384'],
  ])('an SSH agent made of an %s key lists it and signs', async (type, generate, hash) => {
    const { privateKey, publicKey } = generate();
    const sources = [{ paths: [keyFile(privateKey)] }];
    const listed = await ask(sources, Buffer.of(11));
    expect(listed[0]).toBe(12);
    expect(listed.readUInt32BE(1)).toBe(1);
    const blob = listed.subarray(9, 9 + listed.readUInt32BE(5));
    const signed = await ask(sources, Buffer.concat([Buffer.of(13), string(blob), string(data), uint32(4)]));
    expect(signed[0]).toBe(14);
    const inner = signed.subarray(5);
    const nameLength = inner.readUInt32BE(0);
    let raw = inner.subarray(8 + nameLength);
    if (type === 'ec') {
      const half = (at: number) => raw.subarray(at + 4, at + 4 + raw.readUInt32BE(at));
      const r = half(0);
      const s = half(4 + r.length);
      const fixed = (part: Buffer) => Buffer.concat([Buffer.alloc(48), part]).subarray(-48);
      raw = Buffer.concat([fixed(r), fixed(s)]);
    }
    expect(verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
  });

  test('an SSH agent behind a socket may list and sign, and nothing else', async () => {
    const socket = path.join(temporaryDir(), 'agent');
    const received: number[] = [];
    const server = net.createServer((connection) => {
      connection.on('error', () => {});
      connection.on('data', (bytes) => {
        received.push(bytes[4]!);
        connection.write(Buffer.concat([uint32(5), Buffer.of(12), uint32(0)]));
      });
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      expect(await ask([{ id: 'work', paths: [socket] }], Buffer.of(11), 'work')).toEqual(
        Buffer.concat([Buffer.of(12), uint32(0)]),
      );
      for (const request of [17, 18, 19, 22, 25, 27]) // add, remove, remove all, lock, add constrained, extension
        expect(await ask([{ paths: [socket] }], Buffer.of(request))).toEqual(Buffer.of(5));
      expect(received).toEqual([11]);
    } finally {
      server.close();
    }
  });

  test('an SSH agent that was not offered is not found', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const daemon = await fakeDaemon(await ssh([{ paths: [keyFile(privateKey)] }]));
    await expect(daemon.client(SSH).checkAgent({ ID: 'other' })).rejects.toThrow('unset ssh forward key other');
    await daemon.client(SSH).checkAgent({ ID: '' });
  });

  test('an SSH agent needs keys and sockets that can be used', async () => {
    const file = path.join(temporaryDir(), 'no-key');
    writeFileSync(file, 'text');
    await expect(ssh([{ paths: [file] }])).rejects.toThrow(`failed to parse ${file}`);
    await expect(ssh([{ paths: ['/nonexistent'] }])).rejects.toThrow('/nonexistent');
  });
});
