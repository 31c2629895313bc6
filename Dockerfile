# volplugins in a container of its own, for machines without Python and for pipelines:
#
#   docker build -t volplugins .
#   docker run --rm --network none -v /evidence:/evidence:ro -v "$PWD":/out volplugins triage /evidence/MEMORY.DMP -o /out/results
FROM python:3.12-slim

COPY . /src
RUN pip install --no-cache-dir "/src[parquet,frames,completion]" && rm -rf /src \
    && useradd --create-home --uid 1000 analyst

USER analyst
# volatility3 keeps what it makes of symbol tables here
ENV XDG_CACHE_HOME=/home/analyst/.cache PYTHONUNBUFFERED=1
WORKDIR /home/analyst
ENTRYPOINT ["volplugins"]
CMD ["--help"]
