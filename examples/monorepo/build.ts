// syntax=ghcr.io/org/tsfront
import { scratch } from 'tsfront/build';
import { languages } from './build/languages.ts';
import { readServices } from './build/services.ts';

const services = await readServices();

/** The image of a service. */
export const images = Object.fromEntries(
  services.map((service) => [service.name, () => languages[service.language].image(service)]),
);

/** The tests of all services, in parallel; the result is a report for each, for `--output`. */
export function test() {
  return services.reduce(
    (reports, service) => reports.copy(languages[service.language].test(service), '/report', `/${service.name}.txt`),
    scratch(),
  );
}

/** All services in one image, for development. */
export default function all() {
  return services.reduce(
    (sum, service) => sum.copy(languages[service.language].files(service), '/', `/srv/${service.name}/`),
    scratch(),
  );
}
