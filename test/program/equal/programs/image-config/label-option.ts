import { image } from 'tsfront/build';

export default () => image('example.com/team/configured:1').label('tier', 'file');
