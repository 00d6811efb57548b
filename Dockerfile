FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The commit the image is made from: the version metric and the label show it.
ARG REVISION=unknown
# The caches keep the compiled dependencies from one build to the next.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    GHOSTWORKS_COMMIT="$REVISION" cargo build --release --locked --bin ghostworks \
    && install -D target/release/ghostworks /out/ghostworks

FROM debian:bookworm-slim
# A new volume takes its owner and mode from the directory in the image.
RUN install --directory --mode 0700 --owner 10001 --group 10001 /data
COPY LICENSE NOTICE /usr/share/doc/ghostworks/
COPY --from=build /out/ghostworks /usr/local/bin/ghostworks

ENV ENVIRONMENT=production \
    GHOSTWORKS__SERVER__LISTEN=0.0.0.0:8000 \
    GHOSTWORKS__STORAGE__DATA_DIR=/data
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["ghostworks", "healthcheck"]
ENTRYPOINT ["ghostworks"]

ARG REVISION=unknown
LABEL org.opencontainers.image.title="ghostworks" \
      org.opencontainers.image.description="A multi-tenant artifact catalog in one binary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION"
