/** The Dockerfile that the playground begins with. */
export const example = `# Type here: it is compiled as you type.
ARG NODE_VERSION=22

FROM node:\${NODE_VERSION}-alpine AS base
WORKDIR /app
ENV NODE_ENV=production

FROM base AS dependencies
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci

FROM dependencies AS build
COPY --exclude=**/*.test.ts src ./src
RUN npm run build

FROM base
COPY --link --from=dependencies /app/node_modules ./node_modules
COPY --link --from=build --chown=1000:1000 /app/dist ./dist
USER node
EXPOSE 8080
CMD ["node", "dist/server.js"]
`;
