import { image } from 'tsfront/build';

export default () => image('example.com/team/onbuild:1').label('a', 'b');
