# Where the stack is, what it is made of, and the names that inputs must leave alone.
# Whether something is made never depends on what is known only after apply: a plan always shows all of it.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  region     = data.aws_region.current.region
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id

  make_vpc         = var.vpc == null
  make_database    = var.database == null
  make_repository  = var.repository == null
  make_certificate = var.certificate == null
  make_zone        = var.zone_name != null
  has_zone         = local.make_zone || var.zone != null
  uses_s3_ping     = var.cluster_discovery == "s3-ping"

  # A zone that the stack made is nobody's zone until its parent says so. Until then a certificate cannot be validated.
  has_https   = !local.make_certificate || var.zone != null || var.domain_delegated
  has_image   = var.image_tag != ""
  has_service = local.has_image && local.has_https

  # A secret, or one key of it (…:key:stage:version), or a parameter, as a task definition names them.
  secret_reference = "^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+(:[^:*]*:[^:*]*:[^:*]*)?|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+)$"

  # Set by the module, from inputs that are checked, or left at what the rest of the stack is made for: the ports and the addresses that security
  # groups, health checks and the load balancer use, and a cache that the nodes share.
  owned_names = toset([
    "JGROUPS_AWS_S3_BUCKET_NAME", "JGROUPS_AWS_S3_BUCKET_PREFIX", "JGROUPS_AWS_S3_CHECK_IF_BUCKET_EXISTS", "JGROUPS_AWS_S3_REGION_NAME",
    "KC_BOOTSTRAP_ADMIN_PASSWORD", "KC_BOOTSTRAP_ADMIN_USERNAME", "KC_CACHE", "KC_CACHE_CONFIG_FILE", "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS",
    "KC_CACHE_EMBEDDED_NETWORK_BIND_PORT", "KC_CACHE_EMBEDDED_NETWORK_EXTERNAL_ADDRESS", "KC_CACHE_EMBEDDED_NETWORK_EXTERNAL_PORT", "KC_CACHE_STACK",
    "KC_DB_PASSWORD", "KC_DB_POOL_MAX_SIZE", "KC_DB_URL", "KC_DB_USERNAME", "KC_HOSTNAME", "KC_HOSTNAME_ADMIN", "KC_HTTP_ACCEPT_NON_NORMALIZED_PATHS",
    "KC_HTTP_ENABLED", "KC_HTTP_HOST", "KC_HTTP_MANAGEMENT_ENABLED", "KC_HTTP_MANAGEMENT_HOST", "KC_HTTP_MANAGEMENT_PORT", "KC_HTTP_MANAGEMENT_SCHEME",
    "KC_HTTP_PORT", "KC_PROXY_HEADERS", "KC_SHUTDOWN_DELAY", "KC_SHUTDOWN_TIMEOUT",
  ])

  # What `kc.sh build --help-all` of 26.7.5 lists, and the options that choose a provider.
  build_options = join("", [
    "^KC_(DB|DB_DRIVER|DB_DRIVER_.*|DB_HEALTH_EXCLUDE_.*|DB_KIND_.*|TRANSACTION_XA_ENABLED|TRANSACTION_XA_ENABLED_.*|FEATURES|FEATURES_DISABLED|FEATURE_.*|",
    "HTTP_RELATIVE_PATH|HTTPS_CLIENT_AUTH|HEALTH_ENABLED|HTTP_MANAGEMENT_HEALTH_ENABLED|HTTP_MANAGEMENT_RELATIVE_PATH|HTTPS_MANAGEMENT_CLIENT_AUTH|",
    "LEGACY_OBSERVABILITY_INTERFACE|METRICS_ENABLED|VAULT|LOG_MDC_ENABLED|TELEMETRY_LOGS_ENABLED|TELEMETRY_METRICS_ENABLED|TRACING_ENABLED|",
    "TRACING_JDBC_ENABLED|TRACING_SAMPLER_TYPE|EVENT_METRICS_USER_ENABLED|FIPS_MODE|OPENAPI_ENABLED|OPENAPI_UI_ENABLED|",
    "SPI_.*_(PROVIDER|PROVIDER_DEFAULT|ENABLED))$",
  ])

  # The pairs that Fargate offers, in CPU units and MiB (Amazon ECS Developer Guide, "Task CPU and memory", November 2026).
  fargate_memory = {
    "256"   = [512, 1024, 2048]
    "512"   = [1024, 2048, 3072, 4096]
    "1024"  = range(2048, 8193, 1024)
    "2048"  = range(4096, 16385, 1024)
    "4096"  = range(8192, 30721, 1024)
    "8192"  = range(16384, 61441, 4096)
    "16384" = range(32768, 122881, 8192)
  }
}
