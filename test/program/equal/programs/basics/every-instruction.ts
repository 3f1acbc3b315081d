import { arg, image } from 'tsfront/build';

const tag = arg('TAG', { default: '3.20' });
const level = arg('LEVEL', { default: '2' });

export const everything = () =>
  image(`alpine:${tag}`)
    .maintainer('Ada Example <ada@example.com>')
    .label('org.example.purpose', 'all instructions')
    .env('MODE', 'prod')
    .arg('LEVEL', level)
    .workdir('/srv/app')
    .add('seed.txt', './')
    .copy('run.sh', '/usr/local/bin/')
    .run('echo "$MODE $LEVEL" > state')
    .shell(['/bin/ash', '-ec'])
    .expose(8080)
    .volume('/srv/data')
    .user('nobody')
    .stopSignal('SIGTERM')
    .healthcheck('wget -q -O- localhost:8080', { interval: '10s' })
    .onbuild('RUN echo derived')
    .entrypoint(['/usr/local/bin/run.sh'])
    .cmd(['--serve']);
