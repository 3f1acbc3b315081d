import { image } from 'tsfront/build';

export default () => image('alpine:3.20').add('app.tar.gz', '/opt/', { unpack: false });
