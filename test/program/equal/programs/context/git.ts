import { image } from 'tsfront/build';

export default () => image('alpine:3.20').copy('.', '/src');
