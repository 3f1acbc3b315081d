import { image, scratch } from 'tsfront/build';

export default () => scratch().copy(image('nginx:1.27'), '/etc/nginx/nginx.conf', '/nginx.conf');
