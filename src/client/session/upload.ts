/** Session service that hands streams to the daemon: a build context from standard input. */
import type { Readable } from 'node:stream';
import { Upload } from '../../gen/moby/upload/v1/upload_pb.ts';
import { routes } from '../../rpc/server.ts';
import { createId } from '../create-id.ts';
import type { Attachable } from './session.ts';

const chunkBytes = 1 << 20;

/** Streams that a build reads, such as a context that is an archive. */
export interface Uploads extends Attachable {
  /** Offers a stream, once, and returns the address by which a frontend finds it. */
  add(stream: Readable): string;
}

/** A service of a session that offers streams to a build: give it to `solve` in `attachables`. */
export function uploads(): Uploads {
  const streams = new Map<string, Readable>();
  return {
    add(stream) {
      const id = createId();
      streams.set(id, stream);
      return `http://buildkit-session/${id}`;
    },
    routes: routes(Upload, {
      async *pull(_requests, context) {
        const id = context.headers.get('urlpath')?.[0]?.split('/').at(-1) ?? '';
        const stream = streams.get(id);
        if (!stream) throw new Error(`no http response from session for ${id}`);
        streams.delete(id);
        for await (const chunk of stream as AsyncIterable<Uint8Array>)
          for (let at = 0; at < chunk.length; at += chunkBytes) yield { data: chunk.subarray(at, at + chunkBytes) };
      },
    }),
  };
}
