import { arg, image, scratch } from 'tsfront/build';
import { finish } from './finish.ts';
import type { Language } from './services.ts';

const version = arg('NODE_VERSION', { default: '24', description: 'Version of Node' });

const base = image(`node:${version}-alpine`).workdir('/app');

export const node: Language = {
  files: ({ folder }) => scratch().copy(folder, '/', { exclude: ['service.json', '**/*.test.js'] }),
  image(service) {
    return finish(base.copy(this.files(service), '/', './'), service).cmd(['node', 'main.js']);
  },
  test: ({ folder }) => base.copy(folder, './').run('node --test --test-reporter=tap > /report'),
};
