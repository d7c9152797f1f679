#!/bin/sh
# The processes of the app image: web, live, worker, beat, migrate, or any management command.
set -eu

role=${1:-web}
shift || true

case "$role" in
  web)
    exec gunicorn backend.config.wsgi:application --bind 0.0.0.0:8000 --worker-class gthread \
      --workers "${GRIDWARD_WEB_WORKERS:-2}" --threads "${GRIDWARD_WEB_THREADS:-4}" \
      --timeout 60 --graceful-timeout 25 --worker-tmp-dir /dev/shm --no-control-socket --forwarded-allow-ips '*' "$@"
    ;;
  live)
    exec uvicorn maps.live:application --host 0.0.0.0 --port 8001 --no-access-log --timeout-graceful-shutdown 5 "$@"
    ;;
  worker)
    exec celery -A backend.config.celery worker --concurrency "${GRIDWARD_WORKER_PROCESSES:-2}" --loglevel INFO "$@"
    ;;
  beat)
    exec celery -A backend.config.celery beat --loglevel INFO --schedule /tmp/beat-schedule --pidfile '' "$@"
    ;;
  manage)
    exec python backend/manage.py "$@"
    ;;
  *)
    exec python backend/manage.py "$role" "$@"
    ;;
esac
