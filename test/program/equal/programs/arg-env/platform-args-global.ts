import { image, platform } from 'tsfront/build';

const native = () => image('alpine:3.20', { platform: String(platform.build) }).run('true');

export default () => image('alpine:3.20', { platform: String(platform.target) }).copy(native(), '/x', '/');
