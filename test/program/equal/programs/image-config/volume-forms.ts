import { image } from 'tsfront/build';

export default () => image('busybox').volume('/a', '/b/', 'relative').volume('/with space', '/c').volume('/a');
