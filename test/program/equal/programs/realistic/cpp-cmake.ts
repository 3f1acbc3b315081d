import { arg, image, mount } from 'tsfront/build';

const buildType = arg('BUILD_TYPE', { default: 'RelWithDebInfo' });

const build = () =>
  image('gcc:14')
    .run('apt-get update && apt-get install -y cmake ninja-build ccache')
    .env({ CCACHE_DIR: '/ccache', CMAKE_CXX_COMPILER_LAUNCHER: 'ccache' })
    .workdir('/work')
    .arg('BUILD_TYPE', buildType)
    .run(
      `cmake -S src -B build -G Ninja -DCMAKE_BUILD_TYPE=\${BUILD_TYPE} && \
    cmake --build build && \
    ctest --test-dir build --output-on-failure && \
    cmake --install build --prefix /opt/app`,
      {
        mounts: [
          mount.bind('/work/src', { readwrite: true }),
          mount.cache('/ccache'),
          mount.tmpfs('/work/build', { size: '2g' }),
        ],
      },
    );

export default () =>
  image('ubuntu:24.04')
    .copy(build(), '/opt/app', '/opt/app', { link: true })
    .env('LD_LIBRARY_PATH', '/opt/app/lib')
    .entrypoint(['/opt/app/bin/app']);
