"""Django settings. Every one that differs between machines comes from a `GRIDWARD_*` variable."""

from importlib.util import find_spec
from pathlib import Path

from backend.config import env

ROOT = Path(__file__).resolve().parents[2]

ENVIRONMENT = env.choice("GRIDWARD_ENV", among=("development", "test", "production"), default="production")
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = False

SECRET_KEY = env.secret("GRIDWARD_SECRET_KEY")
FIELD_KEY = env.key_bytes("GRIDWARD_FIELD_KEY")
ALLOWED_HOSTS = env.names("GRIDWARD_ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
PUBLIC_URL = env.text("GRIDWARD_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

DATA_DIR = env.path("GRIDWARD_DATA_DIR", default=ROOT / ".dev" / "data")
MEDIA_ROOT = env.path("GRIDWARD_MEDIA_DIR", default=DATA_DIR / "media")
STATIC_ROOT = env.path("GRIDWARD_STATIC_DIR", default=DATA_DIR / "static")
STATIC_URL = "/static/"
TOWN_SCALE = env.number("GRIDWARD_TOWN_SCALE", default=1.0, minimum=0.05, maximum=100.0)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.gis",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "backend.core",
    "backend.accounts",
    "backend.areas",
    "backend.matters",
    "backend.places",
    "backend.patrols",
    "backend.dispatch",
    "backend.cases",
    "backend.inspections",
    "backend.notify",
    "backend.sync",
    "backend.stats",
    "mobile_api",
    "maps",
    "fixtures",
]

MIDDLEWARE = [
    "backend.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backend.core.middleware.ContentSecurityPolicyMiddleware",
]

ROOT_URLCONF = "backend.config.urls"
WSGI_APPLICATION = "backend.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "HOST": env.text("GRIDWARD_DATABASE_HOST"),
        "PORT": env.text("GRIDWARD_DATABASE_PORT", default="5432"),
        "NAME": env.text("GRIDWARD_DATABASE_NAME", default="gridward"),
        "USER": env.text("GRIDWARD_DATABASE_USER", default="gridward"),
        "PASSWORD": env.text("GRIDWARD_DATABASE_PASSWORD", default=""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            # A parallel worker sets up PROJ again for each tile: slower than one process (measured 36 ms against 14).
            "options": (
                f"-c statement_timeout={env.integer('GRIDWARD_STATEMENT_TIMEOUT_MS', default=20000, minimum=100)} "
                "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 "
                "-c max_parallel_workers_per_gather=0 -c client_connection_check_interval=5000 -c TimeZone=UTC"
            ),
            "connect_timeout": 5,
        },
        "TEST": {"NAME": env.text("GRIDWARD_TEST_DATABASE_NAME", default="test_gridward")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _redis_url(database: int, *, broker: bool = False) -> str:
    """URL of one Redis database; a socket path is written differently for the broker and for redis-py."""
    socket = env.text("GRIDWARD_REDIS_SOCKET", default="")
    if socket:
        return f"redis+socket://{socket}?virtual_host={database}" if broker else f"unix://{socket}?db={database}"
    return f"{env.text('GRIDWARD_REDIS_URL').rstrip('/')}/{database}"


_REDIS_BASE = env.integer("GRIDWARD_REDIS_DATABASE_BASE", default=0, minimum=0, maximum=12)
REDIS_LIVE_URL = _redis_url(_REDIS_BASE + 2)
REDIS_CACHE_URL = _redis_url(_REDIS_BASE + 1)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_CACHE_URL,
        "KEY_PREFIX": "gw",
    }
}
CELERY_BROKER_URL = _redis_url(_REDIS_BASE, broker=True)
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 120
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Whoever asks for a task waits for a broker that is away no longer than this: the row says what is still to do.
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_ALWAYS_EAGER = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "mobile_api.common.problem.csrf_failure"
_OVER_TLS = env.boolean("GRIDWARD_OVER_TLS", default=IS_PRODUCTION)
SESSION_COOKIE_SECURE = _OVER_TLS
CSRF_COOKIE_SECURE = _OVER_TLS
SECURE_SSL_REDIRECT = _OVER_TLS
SECURE_HSTS_SECONDS = 31536000 if _OVER_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _OVER_TLS
SECURE_HSTS_PRELOAD = _OVER_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
PHOTO_MAX_BYTES = 10_000_000
PHOTO_MAX_PIXELS = 40_000_000
PHOTO_URL_SECONDS = 300
UNCLAIMED_PHOTO_HOURS = 24

RULING_NEAR_M = env.number("GRIDWARD_RULING_NEAR_M", default=30.0, minimum=0.0, maximum=500.0)
DISPATCH_SNAP_M = env.number("GRIDWARD_DISPATCH_SNAP_M", default=25.0, minimum=0.0, maximum=500.0)
TRACK_RETENTION_DAYS = env.integer("GRIDWARD_TRACK_RETENTION_DAYS", default=60, minimum=1, maximum=90)
VISITED_RADIUS_M = env.number("GRIDWARD_VISITED_RADIUS_M", default=30.0, minimum=5.0, maximum=200.0)
PLAN_STEPS = env.integer("GRIDWARD_PLAN_STEPS", default=20_000, minimum=1, maximum=10_000_000)
REPLAN_STEPS = env.integer("GRIDWARD_REPLAN_STEPS", default=4_000, minimum=1, maximum=10_000_000)
REPLAN_STABILITY_S = env.integer("GRIDWARD_REPLAN_STABILITY_S", default=900, minimum=0, maximum=100_000)
PROPOSE_LIMIT_S = env.integer("GRIDWARD_PROPOSE_LIMIT_S", default=1800, minimum=60, maximum=86_400)
SMS_PROVIDER = env.choice("GRIDWARD_SMS_PROVIDER", among=("console", "file"), default="file")
SMS_FILE = env.path("GRIDWARD_SMS_FILE", default=DATA_DIR / "sms.log")
PHOTO_SENDFILE_PREFIX = env.text("GRIDWARD_PHOTO_SENDFILE_PREFIX", default="")

# What one address may do in an hour without signing in. Sign-ins and codes are counted in `backend.accounts.services`.
OPEN311_JURISDICTION = env.text("GRIDWARD_OPEN311_JURISDICTION", default="")
OPEN311_CONTACT = env.text("GRIDWARD_OPEN311_CONTACT", default="")
HOURLY_LIMITS = {
    "anonymous_report": env.integer("GRIDWARD_ANONYMOUS_REPORTS_PER_HOUR", default=30, minimum=1),
    "photo": env.integer("GRIDWARD_ANONYMOUS_PHOTOS_PER_HOUR", default=60, minimum=1),
    "public_grid": env.integer("GRIDWARD_PUBLIC_GRID_PAGES_PER_HOUR", default=600, minimum=1),
    "open311": env.integer("GRIDWARD_OPEN311_READS_PER_HOUR", default=1200, minimum=1),
    "track": env.integer("GRIDWARD_TRACKING_LOOKUPS_PER_HOUR", default=120, minimum=1),
}
# What one signed-in person may send in a minute: a phone that was away for a day catches up within the hour.
POSITION_BATCHES_PER_MINUTE = env.integer("GRIDWARD_POSITION_BATCHES_PER_MINUTE", default=240, minimum=1)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mobile_api.common.authentication.BearerAuthentication",
        "mobile_api.common.authentication.ConsoleSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["mobile_api.common.permissions.DeclaredRoles"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mobile_api.common.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "mobile_api.common.schema.GridwardSchema",
    "EXCEPTION_HANDLER": "mobile_api.common.problem.to_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gridward API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "ThenOrToday": "maps.console.rule_shapes.RULES_OF",
        "CaseState": "mobile_api.common.shapes.STATES",
        "Stage": "mobile_api.common.shapes.STAGES",
        "Lamp": "mobile_api.common.shapes.LAMPS",
        "LocateKind": "mobile_api.common.shapes.LOCATE_KINDS",
        "MatterKind": "mobile_api.common.shapes.MATTER_KINDS",
        "AppointmentState": "mobile_api.common.shapes.APPOINTMENT_STATES",
        "Role": "mobile_api.common.shapes.ROLES",
        "PhotoState": "mobile_api.common.shapes.PHOTO_STATES",
        "Crs": "mobile_api.common.shapes.CRS",
        "CaseAction": "mobile_api.common.shapes.ACTIONS",
        "FieldCaseAction": "mobile_api.common.shapes.FIELD_ACTIONS",
        "OperationOutcome": "mobile_api.common.shapes.OUTCOMES",
        "VisitOutcome": "mobile_api.common.shapes.VISIT_OUTCOMES",
        "StopKind": "mobile_api.common.shapes.STOP_KINDS",
        "StopState": "mobile_api.common.shapes.STOP_STATES",
        "PlanState": "mobile_api.common.shapes.PLAN_STATES",
        "DivisionState": "backend.areas.queries.DIVISION_STATES",
        "CoverageMapState": "backend.stats.coverage_maps.STATES",
        "ProposalState": "backend.areas.proposals.PROPOSAL_STATES",
        "DivisionLevel": "backend.areas.queries.DIVISION_LEVELS",
        "DisputeState": "mobile_api.common.dispute_facts.DISPUTE_STATES",
        "DisputeLevel": "mobile_api.common.dispute_facts.LEVELS",
        "RuleTarget": "maps.console.rule_shapes.TARGETS",
        "RuleAction": "maps.console.rule_shapes.ACTIONS",
        "RuleChangeAction": "maps.console.rule_shapes.CHANGES",
        "RuleState": "maps.console.rule_shapes.RULE_STATES",
        "ReplanKind": "maps.console.replan_shapes.REPLAN_KINDS",
        "ReplanChangeKind": "backend.inspections.replanning.difference.KINDS",
        "PatrolState": "mobile_api.common.shapes.SESSION_STATES",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []


def _wheel_library(package: str, pattern: str) -> str | None:
    """Path of a shared library that a wheel carries: one GDAL/GEOS for GeoDjango, shapely and pyogrio alike."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.parent.glob(pattern))
    return str(found[0]) if found else None


GDAL_LIBRARY_PATH = _wheel_library("pyogrio", "pyogrio.libs/libgdal-*.so*")
GEOS_LIBRARY_PATH = _wheel_library("shapely", "shapely.libs/libgeos_c-*.so*")
