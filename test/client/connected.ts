import { afterAll, beforeAll } from 'vitest';
import { type Connection, connect } from '../../src/client/index.ts';
import type { Engine } from '../engine/engine.ts';

/** What the tests of a block build with. */
export interface Connected {
  readonly connection: Connection;
  /** The name of the base image in the engine's registry. */
  readonly base: string;
}

/** Connects to an engine and makes its base image before the tests of a block; its members are for tests alone. */
export function connected(engine: Engine): Connected {
  let connection: Connection | undefined;
  let base: string | undefined;
  beforeAll(async () => {
    base = await engine.baseImage();
    connection = await connect(engine.address);
  });
  afterAll(() => connection?.close());
  return {
    get connection() {
      return connection!;
    },
    get base() {
      return base!;
    },
  };
}
