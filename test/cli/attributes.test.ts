import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireDeletable } from '../../src/cli/build-command/local-delete.ts';
import type { OutputFlags } from '../../src/cli/build-command/output-entries.ts';
import { parseOutputs } from '../../src/cli/build-command/outputs.ts';
import { entitlements, isLocalDeleteAllowed } from '../../src/cli/options/allow.ts';
import { attestationTable, checkAttributes, outputTable } from '../../src/cli/options/attributes.ts';
import { parseCaches } from '../../src/cli/options/caches.ts';
import { frontendAttrs } from '../../src/cli/options/frontend-attrs.ts';
import { parseSecrets } from '../../src/cli/options/secrets.ts';
import { cacheExportTable, cacheImportTable } from '../../src/client/cache-table.ts';
import { UsageError } from '../../src/text/usage-error.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { noBuildFlags } from './no-build-flags.ts';

const outputs = (given: Partial<OutputFlags>, kind: 'dockerd' | 'buildkitd' = 'buildkitd', pushes = true) =>
  parseOutputs(
    { output: [], push: false, load: false, tag: [], annotation: [], ...given },
    { kind, pushes, load: () => process.stdout },
  ).exports;

describe('attributes', () => {
  test.each([
    ['--output', 'type=lcoal,dest=o', '--output: unknown type "lcoal" (did you mean local?): known are image, registry'],
    ['--output', 'type=local,dest=o,moed=delete', 'unknown attribute "moed" (did you mean mode?)'],
    ['--output', 'type=local,dest=o,mode=move', '--output type=local: mode is "move", expected copy or delete'],
    ['--output', 'type=tar,dest=o,mode=delete', 'unknown attribute "mode" (it is one of type=local)'],
    ['--output', 'type=oci,dest=o,push=true', 'unknown attribute "push" (it is one of type=image'],
    ['--output', 'type=image,dest=o', 'takes no dest: it goes to the daemon and its registry'],
    ['--output', 'type=image,name=a,compression=brotli', 'expected uncompressed or gzip or estargz or zstd'],
    ['--output', 'type=image,name=a,compression-level=high', 'compression-level is "high", expected a whole number'],
    ['--output', 'type=image,name=a,oci-mediatypes=maybe', 'oci-mediatypes is "maybe", expected true or false'],
    ['--output', 'type=image,name=a,annotation-layer.k=v', 'unknown attribute "annotation-layer.k"'],
    ['--output', 'type=image,name=a,buildinfo=true', 'BuildKit writes no build info any more'],
    ['--output', 'type=cacheonly,dest=o', 'unknown attribute "dest"'],
    ['--output', 'dest=foo', '--output: type is required for output "dest=foo": type=local,dest=foo writes files there'],
    ['--output', 'out=1', 'a directory of that name is ./out=1'],
    ['--output', 'type=docker,tar=false', 'dest is required for docker exporter with tar=false'],
    ['--output', 'type=docker,dest=o,context=x', 'but dest makes a file of it'],
    ['--cache-to', 'type=local,dest=c,rest=true', 'unknown attribute "rest" (did you mean dest?)'],
    ['--cache-to', 'type=local,dest=c,reset=often', 'reset is "often", expected true or false'],
    ['--cache-to', 'type=local,src=c', 'a cache is written to dest=DIRECTORY'],
    ['--cache-to', 'type=inline,mode=max', 'takes no mode=max: an inline cache has the layers of the result'],
    ['--cache-to', 'type=registry,ref=a,mode=mxa', 'mode is "mxa", expected min or max'],
    ['--cache-to', 'type=gha,timeout=soon', 'timeout is "soon", expected a duration'],
    ['--cache-to', 'type=s3,compression=zstd', 'unknown attribute "compression" (it is one of type=registry and type=local)'],
    ['--cache-from', 'type=registry,ref=a,mode=max', 'unknown attribute "mode"'],
    ['--cache-from', 'type=local,dest=c', 'a cache is read from src=DIRECTORY'],
    ['--cache-from', 'type=inline', 'an inline cache is read from its image: type=registry,ref=IMAGE'],
    ['--cache-from', 'type=registy,ref=a', 'unknown type "registy" (did you mean registry?)'],
    ['--attest', 'type=provnance', 'unknown type "provnance" (did you mean provenance?)'],
    ['--attest', 'type=sbom,generater=x', 'unknown attribute "generater" (did you mean generator?)'],
    ['--provenance', 'mode=most', 'mode is "most", expected min or max or full'],
    ['--provenance', 'mod=max', 'unknown attribute "mod" (did you mean mode?)'],
    ['--secret', 'id=a,sorce=b', "unexpected key 'sorce' in 'id=a,sorce=b' of --secret (did you mean source?)"],
    ['--secret', 'id=a,src=b,env=C', '--secret id=a has both src and env'],
    ['--secret', 'foo', 'invalid value "foo" for --secret: foo has no value'],
    ['--allow', 'network.hots', 'unknown entitlement "network.hots" (did you mean network.host?)'],
    ['--allow', 'buildx.local.delete=true', 'buildx.local.delete does not accept a value'],
  ])('%s=%s is refused', (flag, value, message) => {
    const parse = () => {
      if (flag === '--output') outputs({ output: [value] });
      else if (flag === '--cache-to' || flag === '--cache-from') parseCaches(flag, [value]);
      else if (flag === '--attest') frontendAttrs({ ...noBuildFlags, attest: [value] }, {});
      else if (flag === '--provenance') frontendAttrs({ ...noBuildFlags, provenance: value }, {});
      else if (flag === '--secret') parseSecrets([value], {});
      else entitlements({ allow: [value] });
    };
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  }); // biome-ignore format: a table

  test('each known attribute accepts a value that fits', () => {
    const values = { text: 't', boolean: 'true', flag: '', integer: '3', epoch: '', duration: '10m' };
    for (const kinds of [outputTable, cacheExportTable, cacheImportTable, attestationTable])
      for (const [type, { attributes, instead, needs: [needed] = [] }] of Object.entries(kinds)) {
        const needs: [string, string][] = needed === undefined ? [] : [[needed, 'x']];
        for (const [name, form] of Object.entries(attributes))
          for (const value of typeof form === 'string' ? [values[form]] : form)
            expect(() => checkAttributes('--x', kinds, type, [...needs, [name, value]])).not.toThrow();
        for (const name of Object.keys(instead ?? {}))
          expect(() => checkAttributes('--x', kinds, type, [name.split('=') as [string, string]])).toThrow('takes no');
      }
  });

  test('unknown attributes are passed on if that is asked for', () => {
    const allowUnknown = true;
    expect(outputs({ output: ['type=nydus,new=1', 'type=image,name=a,new=2'], allowUnknown })).toMatchObject([
      { type: 'custom', name: 'nydus', attrs: { new: '1' } },
      { type: 'image', attrs: { name: 'a', new: '2' } },
    ]);
    expect(parseCaches('--cache-to', ['type=new,x=y'], true)).toEqual([{ type: 'new', attrs: { x: 'y' } }]);
    expect(frontendAttrs({ ...noBuildFlags, attest: ['type=provenance,new=1'], allowUnknown }, {})).toEqual({
      'attest:provenance': 'new=1',
    });
    expect(entitlements({ allow: ['new.thing'], allowUnknown })).toEqual(['new.thing']);
    expect(() => outputs({ output: ['type=image,name=a,push=perhaps'], allowUnknown })).toThrow(
      'expected true or false',
    );
  });

  test('attributes of an SBOM reach its generator in their case', () => {
    expect(frontendAttrs({ ...noBuildFlags, sbom: 'generator=g,Depth=2' }, {})).toEqual({
      'attest:sbom': 'generator=g,Depth=2',
    });
  });

  test('an empty flag means true, and tags add to the names of an output', () => {
    expect(outputs({ output: ['type=image,name=b,push='], tag: ['a'] })).toEqual([
      { type: 'image', attrs: { name: 'b,a:latest', push: '' } },
    ]);
    expect(outputs({ output: ['type=oci,dest=x,tar='] })).toEqual([{ type: 'oci', dest: 'x', attrs: { tar: 'true' } }]);
    expect(outputs({ output: ['./a=b'] })).toEqual([{ type: 'local', dest: './a=b', attrs: {} }]);
  });

  test('an engine that keeps images without something says so', () => {
    for (const [given, what] of [
      [{ output: ['type=image,name=a,compression=zstd'] }, 'without compression'],
      [{ annotation: ['k=v'] }, 'without the annotation k'],
    ] as const)
      expect(() => outputs(given, 'dockerd', false)).toThrow(what);
    expect(outputs({ tag: ['a'] }, 'dockerd', false)).toHaveLength(1);
  });

  test('errors quote a flag without its secrets', () => {
    expect(() => parseCaches('--cache-to', ['type=gha,token=hunter2,url'])).toThrow('token=***');
    expect(() => parseCaches('--cache-to', ['type=gha,token=hunter2,url'])).not.toThrow('hunter2');
    expect(() => parseCaches('--cache-to', ['secret_access_key=hunter2,bucket=b'])).not.toThrow('hunter2');
  });

  test('mode=delete needs permission outside of the current directory', () => {
    const cwd = temporaryDir();
    mkdirSync(path.join(cwd, 'out'));
    symlinkSync(temporaryDir(), path.join(cwd, 'link'));
    for (const dest of ['out', './out/deeper/still', 'new'])
      expect(() => requireDeletable(dest, [], cwd)).not.toThrow();
    for (const dest of ['.', '..', 'out/..', cwd, 'link', 'link/inside', '/', path.dirname(cwd)])
      expect(() => requireDeletable(dest, [], cwd)).toThrow('requires --allow=buildx.local.delete');
    expect(() => requireDeletable('out', ['.', 'link'], cwd)).not.toThrow();
    expect(() => requireDeletable('out', ['out/context'], cwd)).toThrow('the build reads "out/context" there');
    const output = ['type=local,dest=/tmp/elsewhere,mode=DELETE'];
    expect(() => outputs({ output })).toThrow('requires --allow=buildx.local.delete');
    expect(outputs({ output, allowDelete: isLocalDeleteAllowed({ allow: ['buildx.local.delete'] }) })).toEqual([
      { type: 'local', dest: '/tmp/elsewhere', attrs: { mode: 'delete' } },
    ]);
    expect(entitlements({ allow: ['buildx.local.delete', 'device'] })).toEqual(['device']);
  });
});
