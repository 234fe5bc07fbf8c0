# For servers and Dask workers: the package and what users need; mount a project at /project.
#   docker build -t xhcp .
#   docker run --rm -v "$PWD":/project xhcp report
#   docker run --rm -v "$PWD":/project --entrypoint dask xhcp worker tcp://HOST:8786 --nthreads 1
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN python -m pip install --quiet --no-cache-dir hatchling && python -m hatchling build -t wheel -d /wheel

FROM python:3.12-slim
COPY requirements.lock /tmp/
COPY --from=build /wheel /tmp/wheel
RUN python -m pip install --quiet --no-cache-dir --require-hashes -r /tmp/requirements.lock \
    && python -m pip install --quiet --no-cache-dir --no-deps /tmp/wheel/*.whl \
    && python -m pip install --quiet --no-cache-dir "distributed>=2026.1" \
    && rm -r /tmp/wheel /tmp/requirements.lock \
    && useradd --create-home xhcp && mkdir /project && chown xhcp /project
USER xhcp
WORKDIR /project
ENTRYPOINT ["xhcp"]
