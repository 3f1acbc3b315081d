import { file, image } from 'tsfront/build';

export default () =>
  image('mcr.microsoft.com/windows/nanoserver:ltsc2022')
    .copy(file('a.txt', 'text\n'), 'C:/x/')
    .run('#!not-a-shebang\necho hi\n');
