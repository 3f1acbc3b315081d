import { image } from 'tsfront/build';

export default () => image('node:22-alpine').entrypoint([]);
