import { image } from 'tsfront/build';

export default () => image('base').run('true');
