# The frontend image, for linux/amd64 and linux/arm64, built on the build platform:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/tsfront --push .
#
# Base images are arguments. BUILD_IMAGE may bring /tsfront/node_modules along, and then nothing is downloaded; without
# them npm installs what package-lock.json says. `npm run image` makes the same image without an engine.
ARG NODE_IMAGE=node:24-trixie-slim
ARG BUILD_IMAGE=${NODE_IMAGE}

FROM ${NODE_IMAGE} AS runtime

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /tsfront
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm [ -e node_modules ] || npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE THIRD-PARTY-NOTICES ./
COPY scripts scripts
COPY src src
ARG TARGETARCH
RUN --mount=type=bind,from=runtime,target=/runtime \
    node scripts/image.mjs --root /image --runtime /runtime --platform linux/$TARGETARCH

FROM scratch
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd"
WORKDIR /
COPY --from=build /image/runtime /
COPY --from=build /image/frontend /
ENTRYPOINT ["/bin/node", "--snapshot-blob", "/frontend.blob"]
