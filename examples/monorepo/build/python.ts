import { arg, image, scratch } from 'tsfront/build';
import { finish } from './finish.ts';
import type { Language } from './services.ts';

const version = arg('PYTHON_VERSION', { default: '3.13', description: 'Version of Python' });

const base = image(`python:${version}-slim`).workdir('/app');

export const python: Language = {
  files: ({ folder }) => scratch().copy(folder, '/', { exclude: ['service.json', '**/test_*.py'] }),
  image(service) {
    return finish(base.copy(this.files(service), '/', './'), service).cmd(['python', 'main.py']);
  },
  test: ({ folder }) => base.copy(folder, './').run('python -m unittest -v > /report 2>&1'),
};
