//! The part of `--help` that clap can't know.

/// Examples and environment variables; bold and underlined as clap's own headings, on a terminal.
pub(super) const MORE: &str = "\
\x1b[1;4mExamples:\x1b[0m
  ghostworks
      Serve on http://127.0.0.1:8000, with the data in ./data
  ghostworks serve --listen 0.0.0.0:80 --data-dir /var/lib/ghostworks
      Serve on every interface, with the data in its own place
  ghostworks serve --domain example.com
      Serve https://example.com on this machine, with a certificate of Let's Encrypt
  GHOSTWORKS__LOG__LEVEL=warn ghostworks --config /etc/ghostworks.toml
      Serve as a file says, with a quieter log
  ghostworks config show
      Show every setting, and where its value comes from
  ghostworks openapi --format yaml > ghostworks.yaml
      Keep the OpenAPI document
  ghostworks user create ann@example.com --link
      Make an account, and print the link with which its password is chosen
  ghostworks user disable ann@example.com
      End someone's sessions and keep them from signing in
  ghostworks backup /backups/monday --data-dir /var/lib/ghostworks
      Keep everything that is in the database; a running server does it for its operator_token
  ghostworks backups list
      Show what the server has backed up by itself, and whose it is
  ghostworks export 0199… acme.ndjson --server https://ghostworks.example.com --token-file acme.key
      Keep the artifacts of a workspace of a running server; `import` takes them to another
  ghostworks traces --status 5xx
      List the last failures of a running server; `ghostworks trace ID` shows where the time of one went
  ghostworks check --data-dir /var/lib/ghostworks
      Check that everything in the database agrees, while the server is stopped

\x1b[1;4mEnvironment:\x1b[0m
  Flags are stronger than the environment, and the environment is stronger than the file.

  GHOSTWORKS_CONFIG          The file, when --config is not given
  GHOSTWORKS__SECTION__KEY   Any setting: GHOSTWORKS__SERVER__LISTEN is `listen` in [server]
  GHOSTWORKS__REMOTE__TOKEN  The API key or access token for `export` and `import`; for
                             `traces` and `trace`, the operator's token
  ENVIRONMENT                development, staging or production
  OTEL_SDK_DISABLED, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_PROPAGATORS,
  OTEL_TRACES_EXPORTER, OTEL_METRICS_EXPORTER, OTEL_LOGS_EXPORTER, OTEL_TRACES_SAMPLER,
  OTEL_TRACES_SAMPLER_ARG, OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_QUEUE_SIZE,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_EXPORT_TIMEOUT, OTEL_METRIC_EXPORT_INTERVAL
                             As the OpenTelemetry specification says
  OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, _HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE,
  _CLIENT_CERTIFICATE, _CLIENT_KEY
                             The collector; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and so on for one signal
  PGPASSWORD                 The password for `migrate-from`, when its address has none
  AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                             The service of a bucket that backups go to
  NO_COLOR                   No colours on a terminal either

\x1b[1;4mExit codes:\x1b[0m
  0  done                                       1  failed, the reason is on standard error
  2  the command line makes no sense            3  the data directory is in use by a server that can't be asked
  4  something is damaged, in the database or in a backup
  5  done, but some rows of the other database were left as they are: see the report";
