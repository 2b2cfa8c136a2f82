# The streamer's image, and what the functions run: static programs, built in one stage. BuildKit keeps what was compiled
# in its caches, so that after a change of one line only what depends on it is compiled again.
#   docker build -t aviary-streamer .
#   docker build --target functions --output target/lambda .
FROM docker.io/library/rust:1.95.0-bookworm AS build
WORKDIR /src
COPY . .
# The image's own toolchain, without what only developers need.
ENV RUSTUP_TOOLCHAIN=1.95.0 RUSTFLAGS="-C target-feature=+crt-static"
RUN --mount=type=cache,id=aviary-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=aviary-target,target=/src/target \
    target="$(uname -m)-unknown-linux-gnu" \
    && cargo build --profile deploy --locked --target "$target" -p streamer -p consumer -p api --features streamer/jemalloc \
    && mkdir -p /out/functions \
    && cp "target/$target/deploy/streamer" /etc/ssl/certs/ca-certificates.crt /out/ \
    && for function in read control minute authorizer consumer; do \
           mkdir "/out/functions/$function" \
           && cp "target/$target/deploy/$function" "/out/functions/$function/bootstrap" || exit 1; \
       done

FROM scratch AS functions
COPY --from=build /out/functions /

FROM scratch
COPY --from=build /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/streamer /streamer
USER 65532:65532
ENTRYPOINT ["/streamer"]
