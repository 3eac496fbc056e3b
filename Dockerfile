# The relay as a container: docker build -t narrative-relay .
# The version is that of the "node" devDependency, with which the tests run. To pin the image's bytes too, write
# node:24.21.0-trixie-slim@sha256:…, with the digest that "docker buildx imagetools inspect node:24.21.0-trixie-slim" shows.
FROM node:24.21.0-trixie-slim

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8787 \
    RELAY_RULES=/app/rules \
    RELAY_DB=/data/relay.db \
    MALLOC_ARENA_MAX=2

WORKDIR /app
COPY package.json package-lock.json ./
# No dependency needs to run anything at installation: better-sqlite3 brings its binary along.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
COPY rules ./rules
COPY src ./src

# A named volume takes its owner from here; a folder of the host has to be writable for uid 1000.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8787

# Ready means: the store can be written and rules are loaded.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Node itself is process 1, not npm, which keeps signals to itself. That needs no init: the kernel ignores a signal to
# process 1 only where there is no handler, and "serve" handles SIGTERM and SIGINT; it starts no child processes to reap.
# Node 24 runs the TypeScript as it is. Sends under way get 10 s to end, so let the engine wait longer than its usual 10 s.
STOPSIGNAL SIGTERM
# A small young generation (MB), and MALLOC_ARENA_MAX above, keep the process under 200 MB while events pour in.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--max-old-space-size=768", "src/cli/main.ts"]
CMD ["serve"]
