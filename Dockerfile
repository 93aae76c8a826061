# hmsplan with everything but its tests, as a user who is not root:
#
#   make dist
#   docker build --tag hmsplan .
#   docker run --rm --volume "$PWD:/stack" --user "$(id -u):$(id -g)" --env HMS_SOVEREIGN_API_KEY hmsplan plan
#
# --user lets it write .hmsplan/ into the stack; without it, it may read only what everyone may.
FROM python:3.13-slim AS build
ENV VENV=/opt/hmsplan
WORKDIR /build
COPY requirements/run.lock dist/hmsplan-*.whl ./
RUN python -m venv --without-pip "$VENV" && \
    python -m pip --python "$VENV/bin/python" install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement run.lock && \
    python -m pip --python "$VENV/bin/python" install --no-cache-dir --disable-pip-version-check \
        --no-index --no-deps hmsplan-*.whl

FROM python:3.13-slim
COPY --from=build /opt/hmsplan /opt/hmsplan
ENV PATH=/opt/hmsplan/bin:$PATH
WORKDIR /stack
USER 65532:65532
ENTRYPOINT ["hmsplan"]
CMD ["--help"]
