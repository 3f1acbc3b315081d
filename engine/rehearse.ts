/**
 * A build before the first one. The heap of the frontend image is made when the script has run (heap.h): what code
 * makes once and keeps, such as the grammar and the fields of messages, is then part of it and costs a start nothing.
 */
import { frontendCapabilities, llbCapabilities } from '../src/gateway/capabilities.ts';
import { createGrpcBridge } from '../src/gateway/grpc-bridge.ts';
import { instanceOf, loadModules } from '../src/gateway/program/load-modules.ts';
import { runFrontend } from '../src/gateway/run-frontend.ts';
import {
  PongResponseSchema,
  ReadFileRequestSchema,
  ReadFileResponseSchema,
  ResolveSourceMetaResponseSchema,
  SolveResponseSchema,
} from '../src/gen/moby/buildkit/v1/frontend/gateway_schemas.ts';
import { encodeText } from '../src/go/text.ts';
import { decode } from '../src/protobuf/decode.ts';
import { encode } from '../src/protobuf/encode.ts';

const dockerfile = `ARG VERSION=1
FROM docker.io/library/base:\${VERSION} AS build
ENV PATH=/a:$PATH KEY="value"
WORKDIR /src
COPY --chown=1:1 --exclude=*.md a b /src/
ADD file.tar /src/
RUN --mount=type=cache,target=/cache --mount=type=secret,id=s make "\${KEY:-x}" && \\
  # comment
  make install
RUN <<EOF
one
EOF
FROM scratch
COPY --from=build --link /src /
LABEL name="value" other=value
EXPOSE 80/tcp
VOLUME /data
USER 1000
HEALTHCHECK --interval=1m CMD check
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["run"]
`;
const config = '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"]},"rootfs":{"type":"layers"}}';
const digest = `sha256:${'0'.repeat(64)}`;
const nothing = new Uint8Array(0);
const all = (capabilities: ReadonlyMap<string, unknown>) =>
  [...capabilities.keys()].map((ID) => ({ ID, Enabled: true }));

/** What a daemon would answer. */
function answer(method: string, request: Uint8Array): Uint8Array {
  switch (method) {
    case 'Ping':
      return encode(PongResponseSchema, { FrontendAPICaps: all(frontendCapabilities), LLBCaps: all(llbCapabilities) });
    case 'Solve':
      return encode(SolveResponseSchema, { result: { result: { case: 'ref', value: { id: 'id' } } } });
    case 'ReadFile': {
      const { FilePath: name } = decode(ReadFileRequestSchema, request);
      if (name !== 'Dockerfile') throw new Error(`${name}: not found`);
      return encode(ReadFileResponseSchema, { Data: encodeText(dockerfile) });
    }
    case 'ResolveSourceMeta': {
      const identifier = `docker-image://docker.io/library/base:1@${digest}`;
      const image = { Digest: digest, Config: encodeText(config) };
      return encode(ResolveSourceMetaResponseSchema, { Source: { identifier }, Image: image });
    }
    default:
      return nothing;
  }
}

const module = `import { image } from './image.ts';
enum Kind { One = 1, Two }
class Box<T> { constructor(private readonly value: T) {} }
export default async function app(): Promise<unknown> { return image<Kind>(\`\${Kind.One}\`) as unknown; }
`;

/** Reads a module of a build program, without running it: the program of a build must find its engine untouched. */
async function rehearseProgram(): Promise<void> {
  await import('../src/gateway/program/program.ts');
  const [program] = await loadModules('build.ts', encodeText(module), async () => new Map([['image.ts', nothing]]));
  instanceOf(program!, (name) => name);
}

/** Builds a Dockerfile with the usual instructions for a daemon that does nothing, and reads a build program. */
export async function rehearse(): Promise<void> {
  await rehearseProgram();
  const transport = {
    unary: async (method: string, request: Uint8Array) => answer(method.slice(method.lastIndexOf('/') + 1), request),
    close() {},
  };
  const environment = { opts: {}, sessionId: 'session', product: '', workers: [] };
  const bridge = await createGrpcBridge(transport, environment);
  await bridge.return(await runFrontend(bridge));
}
