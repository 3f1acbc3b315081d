import { image, platform } from 'tsfront/build';

const compiled = () =>
  image('golang:1.21-alpine', { platform: String(platform.build) })
    .arg({ TARGETOS: undefined, TARGETARCH: undefined })
    .run('GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/app');

export default () => image('alpine:3.20').copy(compiled(), '/out/app', '/app');
