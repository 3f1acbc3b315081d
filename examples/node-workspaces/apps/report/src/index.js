import { day } from '@example/dates';
import { line } from '@example/format';

console.log(line(new Date(0), `a report of ${day(new Date(86_400_000))}`));
