import { banner } from './banner.js';

console.log(banner(process.env['PORT']));
