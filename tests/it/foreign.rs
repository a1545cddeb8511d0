//! Clients that we did not write, run against the stand-ins.

use std::process::Command;

use crate::support::account::{Account, job};
use crate::support::repository;

/// Runs a script of `tests/foreign` against a world; it needs the Python packages of `tests/tools/requirements.txt`.
fn run(script: &str) {
    let account = Account::new();
    let admin = account
        .world
        .iam
        .session("admin", "foreign", account.world.clock.unix() + 3600.0);
    let (url, token) = account.world.oidc.allow(job(Some("production")));
    let python = std::env::var("KECS_CACHE_DIR").map_or_else(
        |_| repository().join(".cache/venv/bin/python"),
        |cache| std::path::Path::new(&cache).join("venv/bin/python"),
    );
    let output = Command::new(&python)
        .arg(repository().join("tests/foreign").join(script))
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("AWS_ENDPOINT_URL", &account.world.urls.aws)
        .env("WORLD_GITHUB_URL", &account.world.urls.github)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", &admin.access_key)
        .env("AWS_SECRET_ACCESS_KEY", &admin.secret)
        .env("AWS_SESSION_TOKEN", &admin.token)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `tests/tools/setup.sh python`",
                python.display()
            )
        });
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("ok "), "{script} checked nothing");
}

#[test]
fn boto3_and_pyjwt_agree_with_sts_and_the_issuer() {
    run("sts.py");
}
