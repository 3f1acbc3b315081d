# The frontend image, for linux/amd64 and linux/arm64, built on linux/amd64:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/tsfront --push .
#
# BUILD_IMAGE is the image that it is built in: Debian with Node 24. It may bring /tsfront/node_modules and the compilers in
# /tsfront/.cache/engine along, and then nothing is downloaded; without them they come from npm and from Debian.
# `npm run image` makes the same image without an engine.
ARG BUILD_IMAGE=node:24-trixie-slim

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /tsfront
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm [ -e node_modules ] || npm ci --ignore-scripts --no-audit --no-fund
COPY scripts scripts
RUN node -e "require('./scripts/engine/toolchain.mjs').openToolchain().close()"
COPY LICENSE THIRD-PARTY-NOTICES tsconfig.json ./
COPY engine engine
COPY src src
RUN node scripts/image.mjs --root /image

FROM scratch AS files
ARG TARGETARCH
COPY --from=build /image/$TARGETARCH /

FROM scratch
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd,tsfront.lock"
WORKDIR /
COPY --from=files / /
ENTRYPOINT ["/frontend"]
