# docs/deployment.md tells how to run it, and what of it was tried.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/tracker
COPY requirements/run.txt requirements/
RUN /opt/tracker/bin/pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY tracker/ tracker/
COPY emitters/ emitters/
COPY web/ web/
# Then nothing is left with which anything could be installed.
RUN /opt/tracker/bin/pip install --no-deps --no-build-isolation . \
 && /opt/tracker/bin/pip uninstall --yes hatchling editables setuptools pip

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 tracker \
 && useradd --uid 10001 --gid tracker --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tracker \
 && install --directory --owner tracker --group tracker --mode 0700 /data
COPY --from=build /opt/tracker /opt/tracker
COPY deploy/healthcheck.py deploy/backup.py /opt/tracker/deploy/
ENV PATH=/opt/tracker/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRACKER_SERVER__HOST=0.0.0.0 \
    TRACKER_STORE__URL=duckdb:/data/tracker.duckdb
# A config.toml that is mounted here is read.
WORKDIR /etc/tracker
USER 10001:10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "/opt/tracker/deploy/healthcheck.py"]
CMD ["tracker", "serve"]
