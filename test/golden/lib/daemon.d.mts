import type { GoldenCase } from '../cases.ts';

export function environmentOf(goldenCase: GoldenCase): Record<string, string>;
export function createDaemon(goldenCase: GoldenCase): {
  readonly record: Readonly<Record<string, unknown>>;
  call(method: string | undefined, request: Uint8Array): Uint8Array;
};
export function encodeStatus(error: { code: number; message: string; details: unknown }): Buffer;
