import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { upgrade } from '../../src/client/connect/upgrade.ts';

export interface BareBuildkit {
  readonly port: number;
  close(): void;
}

/** dockerd's BuildKit as buildkitd serves it: gRPC alone, on a port, with TLS if there are options for it. */
export async function bareBuildkit(dockerHost: string, options?: tls.TlsOptions): Promise<BareBuildkit> {
  const serve = (client: net.Socket) => {
    client.on('error', () => {});
    const docker = net.connect(dockerHost.replace('unix://', ''));
    void upgrade(docker, '/grpc', {}, AbortSignal.timeout(5000)).then((daemon) => {
      daemon.on('error', () => client.destroy());
      client.pipe(daemon).pipe(client);
    });
  };
  const server = options ? tls.createServer({ ...options, ALPNProtocols: ['h2'] }, serve) : net.createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
