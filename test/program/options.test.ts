/** What a Dockerfile can say, tsfront/build can say: the type checker compares the two. */
import { expectTypeOf, test } from 'vitest';
import type {
  StageAddOptions,
  StageCopyOptions,
  StageHealthcheckOptions,
  StageRunOptions,
} from '../../src/build-program/index.ts';
import type { AddFlags, CopyFlags, Healthcheck, RunInstruction } from '../../src/parser/ast.ts';

test('each flag of COPY, ADD, RUN and HEALTHCHECK has an option in tsfront/build', () => {
  // The source is an argument of its own.
  expectTypeOf<Exclude<keyof CopyFlags, 'from'>>().toEqualTypeOf<keyof StageCopyOptions>();
  expectTypeOf<keyof AddFlags>().toEqualTypeOf<keyof StageAddOptions>();
  expectTypeOf<Exclude<keyof Healthcheck, 'test'>>().toEqualTypeOf<keyof StageHealthcheckOptions>();
  expectTypeOf<keyof Pick<RunInstruction, 'mounts' | 'network' | 'security' | 'devices'>>().toEqualTypeOf<
    keyof StageRunOptions
  >();
});
