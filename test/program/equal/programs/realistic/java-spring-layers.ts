import { arg, expand, image, mount } from 'tsfront/build';

const profile = arg('PROFILE', { default: 'prod' });

const repository = mount.cache('/root/.m2');

const build = image('maven:3.9-eclipse-temurin-21')
  .workdir('/build')
  .copy('pom.xml', '.')
  .run('mvn -B dependency:go-offline', { mounts: [repository] })
  .copy('src', 'src')
  .run(
    `mvn -B -DskipTests package \
 && java -Djarmode=layertools -jar target/*.jar extract --destination layers`,
    { mounts: [repository] },
  );

export default () => {
  let app = image('eclipse-temurin:21-jre')
    .arg('PROFILE', profile)
    .env({ SPRING_PROFILES_ACTIVE: expand('$PROFILE'), JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=75.0' })
    .run('groupadd -r spring && useradd -r -g spring spring')
    .user('spring:spring')
    .workdir('/opt/app');
  for (const layer of ['dependencies', 'spring-boot-loader', 'snapshot-dependencies', 'application'])
    app = app.copy(build, `/build/layers/${layer}/`, './');
  return app.expose('8080/tcp').entrypoint(['java', 'org.springframework.boot.loader.launch.JarLauncher']);
};
