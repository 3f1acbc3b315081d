import { image } from 'tsfront/build';

const triggers = [
  'ARG A=1',
  'ENV E=$A',
  'LABEL l=$E',
  'WORKDIR /w',
  'ADD a .',
  'COPY b .',
  'RUN echo $A',
  'USER u',
  'EXPOSE 80',
  'VOLUME /v',
  'STOPSIGNAL 9',
  'SHELL ["/s"]',
  'HEALTHCHECK NONE',
  'ENTRYPOINT ["e"]',
  'CMD c',
];

const base = triggers.reduce((stage, trigger) => stage.onbuild(trigger), image('busybox'));

export default () => base.as('base').run('echo own');
