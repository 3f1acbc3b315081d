import { image } from 'tsfront/build';

export default () =>
  image('busybox')
    .onbuild('RUN --network=none --mount=type=cache,target=/c echo x')
    .onbuild('COPY --chown=1:1 a b /d/')
    .onbuild('HEALTHCHECK --interval=3s CMD y')
    .as('base')
    .as('derived');
