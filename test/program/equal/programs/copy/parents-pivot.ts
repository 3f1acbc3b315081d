import { image } from 'tsfront/build';

export default () => image('alpine:3.20').copy(['./a/b/./c/d.txt', '/x/./y/*.txt'], '/work/', { parents: true });
