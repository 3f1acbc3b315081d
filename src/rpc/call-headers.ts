import type { HeaderField } from './hpack.ts';

/** The headers of a call of gRPC; `method` is its full name, e.g. `/moby.buildkit.v1.frontend.LLBBridge/Ping`. */
export const callHeaders = (authority: string, method: string): HeaderField[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', method],
  [':authority', authority],
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'tsfront'],
];
