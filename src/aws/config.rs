//! One configuration: region, endpoints, credentials, retries, one HTTP client on one TLS stack.

use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_sdk_sts::config::ProvideCredentials as _;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

use crate::action::Context;
use crate::domain::region;
use crate::error::{Error, Result};
use crate::runner::Env;

/// Attempts of one call, the first one included.
const ATTEMPTS: u32 = 3;
/// The SDK's first pause between two attempts.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The SDK's longest pause between two attempts.
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// Prefix of the variables that send the AWS SDK elsewhere: `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_STS`, …
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// Refuses addresses of AWS that are none. The SDK takes them as they are: it panics at an empty one, and at one without a
/// scheme its error holds the whole request, secrets included.
pub fn check_endpoints(env: &Env) -> Result<()> {
    let hint = |name: &str| {
        format!(
            "Unset {name}, or set it to an address such as https://sts.eu-central-1.amazonaws.com."
        )
    };
    if let Some(name) = env.empty_ones_starting_with(ENDPOINT).next() {
        return Err(Error::usage(format!("{name} is empty")).hint(hint(name)));
    }
    for name in env.names_starting_with(ENDPOINT) {
        let value = env.get(name).unwrap_or_default();
        let good = reqwest::Url::parse(value)
            .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        if !good {
            // Before an @ stands a password.
            let shown = value.rsplit('@').next().unwrap_or_default();
            return Err(Error::usage(format!(
                "{name} is {shown:?}, no address with http:// or https://"
            ))
            .hint(hint(name)));
        }
    }
    Ok(())
}

/// The region: `wanted`, the input `aws-region`, else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
pub fn region(context: &Context, wanted: Option<&str>) -> Result<String> {
    let variable = |name| Some((name, context.env.get(name)?));
    let (from, region) = wanted
        .map(|wanted| ("`aws-region`", wanted))
        .or_else(|| variable("AWS_REGION"))
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .ok_or_else(|| {
            Error::usage("no AWS region: AWS_REGION is not set")
                .hint("Run aws-login before this step, or set AWS_REGION.")
        })?;
    region::check(from, region)?;
    Ok(region.to_owned())
}

/// How long the search for credentials may take.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(5);

/// The configuration with the region of the environment, if there are credentials; nothing if there are none, or no
/// region. For what can do without AWS and says so.
pub async fn config_if_logged_in(context: &Context) -> Option<SdkConfig> {
    let config = config(context, region(context, None).ok()?).await;
    logged_in(&config).await.then_some(config)
}

/// Refuses to go on without credentials, good or bad ones.
pub async fn require_login(config: &SdkConfig) -> Result<()> {
    if logged_in(config).await {
        return Ok(());
    }
    Err(Error::usage("there are no AWS credentials")
        .hint("Run aws-login before this step, or set AWS_PROFILE at a terminal."))
}

async fn logged_in(config: &SdkConfig) -> bool {
    let Some(provider) = config.credentials_provider() else {
        return false;
    };
    let found = tokio::time::timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await;
    found.is_ok_and(|found| found.is_ok())
}

/// The configuration of every AWS client: credentials, profile and `AWS_ENDPOINT_URL*` as the AWS SDKs find them.
pub async fn config(context: &Context, region: String) -> SdkConfig {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(context.clock.real(FIRST_BACKOFF))
        .with_max_backoff(context.clock.real(LONGEST_BACKOFF));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(10))
        // With the body, which the one above does not see.
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    let http = Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder()
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    });
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region))
        .retry_config(retries)
        .timeout_config(timeouts)
        .http_client(http);
    if let Ok(name) = AppName::new(env!("CARGO_PKG_NAME")) {
        loader = loader.app_name(name);
    }
    loader.load().await
}
