import { image } from 'tsfront/build';

const files = image('alpine:3.20').run('echo f > /f').as('files');
const base = image('busybox')
  .onbuild('COPY --from=files /f /f', { stages: [files] })
  .as('base');

export default () => base.run('cat /f');
