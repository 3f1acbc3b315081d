import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bunzip2 as unpackPieces } from '../../src/archive/bzip2.ts';

/** Made by `bzip2 -1`; the texts are told in words. */
const samples = {
  empty: 'QlpoORdyRThQkAAAAAA=',
  hello: 'QlpoMTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=',
  longRun: 'QlpoMTFBWSZTWc6mDE8AAewBAOAAAAggADDMBSmnGJKtgkq8XckU4UJDOpgxPA==',
  allBytes:
    'QlpoMTFBWSZTWXCcluUAAAD/////////////////////////////////////////////wAK8AAAJMABMAATAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABJgAJgACYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJMABMAATAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAKVSqJgmTAAJiMAEwBNMTTJpiMAATTJgAAmTAJowBGAjAAAAEwBMJpgAAAAAA0AAAJ6WIwHqYYD1cMB62GA9fDAexhgPZwwHtYYDEYYRjEe2nuJ7qe8nvp8CfCnxJ8afInyp8yfOn0J9KfUn1p9ifan3J96ZWn5E/KmWJlqZcmXpmCZimZJmaZomapmyfmTN0zhM5TOkztM8TPUz5M/T86aAn6E0FNCTQ0/SmiJ+pNFTRk/Wmjp+xNITSU0pP2p+5NLTTE01NOTT01BNRTUk1NNUTVU1ZNXTWE1lP3prSfwTW01xP4prqa8mvpsCbCmxJsabImypsybOm0JtKbUm1ptiban8k25NvT+abgm4puSbmm6Juqbsm7p/RN4T+qf2TeU3pN7TfE31N+Tf04BOBT+6f4Tgk4NOEThU4ZOHTiE/yn+k4lOKTi04xONTjk49OQTkU5JOTTlE5VOWTl05hOZTmk5tOcTnU55OfToE6FOiTo0/2nSJ0qdMnTp1CdSnVJ1adYn/E61OuTr07BP+p2Kf+Tsk7NO0TtU7ZO3TuE7lO6Tu07xO9Tvk79PATwU8JPDTxE8VPGTx08hPJTyk8tPMTzU85PPT0E9FPST009RPVT1k9dPYT2U9pMQntp7ie6nvJ76fAnwp8SfGnyJ8qfMnzp9CfSn1J9afYn2p9yfen/xdyRThQkHCcluU=',
};
const bunzip2 = (data: Uint8Array) => Buffer.concat([...unpackPieces(data, 1000)]);
const bytes = (base64: string) => Buffer.from(base64, 'base64');
const text = (base64: string) => Buffer.from(bunzip2(bytes(base64))).toString('latin1');

describe('bunzip2', () => {
  test('unpacks an archive of nothing to no bytes', () => expect(text(samples.empty)).toBe(''));
  test('unpacks a short text', () => expect(text(samples.hello)).toBe('hello hello hello\n'));
  test('unpacks a run that is longer than a block', () => expect(text(samples.longRun)).toBe('a'.repeat(250_000)));
  test('unpacks data with every byte value', () => {
    const plain = Buffer.from(Array.from({ length: 2560 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
    const sum = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    expect(sum(bunzip2(bytes(samples.allBytes)))).toBe(sum(plain));
  });
  test('unpacks streams one after another', () =>
    expect(Buffer.from(bunzip2(Buffer.concat([bytes(samples.hello), bytes(samples.hello)]))).toString()).toBe(
      'hello hello hello\n'.repeat(2),
    ));

  test('refuses an archive that is cut off', () => {
    const data = bytes(samples.hello);
    for (let length = 1; length < data.length - 4; length++) expect(() => bunzip2(data.subarray(0, length))).toThrow();
  });
  test('refuses what is something else', () =>
    expect(() => bunzip2(Buffer.from('not bzip2'))).toThrow('bad magic value'));
});
