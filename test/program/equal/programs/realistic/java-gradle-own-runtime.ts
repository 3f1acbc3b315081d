import { expand, image, mount } from 'tsfront/build';

const build = image('gradle:8-jdk21')
  .copy('.', '/home/gradle/src', { chown: 'gradle:gradle' })
  .workdir('/home/gradle/src')
  .user('gradle')
  .run('gradle shadowJar --no-daemon', {
    mounts: [mount.cache('/home/gradle/.gradle', { uid: 1000, gid: 1000, mode: 0o755 })],
  });

const jre = image('eclipse-temurin:21-jdk').run(`$JAVA_HOME/bin/jlink \
      --add-modules java.base,java.logging,java.net.http \
      --strip-debug --no-man-pages --no-header-files \
      --output /jre`);

export default () =>
  image('debian:bookworm-slim')
    .env('JAVA_HOME', '/opt/jre')
    .env('PATH', expand('${JAVA_HOME}/bin:${PATH}'))
    .copy(jre, '/jre', expand('$JAVA_HOME'))
    .copy(build, '/home/gradle/src/build/libs/*-all.jar', '/app.jar')
    .cmd('java -jar /app.jar');
