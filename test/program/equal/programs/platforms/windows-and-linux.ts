import { scratch } from 'tsfront/build';

export default () => scratch().arg('TARGETPLATFORM').workdir('/app').copy('a', 'a');
