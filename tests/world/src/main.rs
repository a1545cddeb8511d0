//! The stand-ins as a process: prints their addresses as one line of JSON, and serves until it is ended.

use std::path::PathBuf;

use clap::Parser;
use serde_json::json;
use world::{Settings, World};

/// Stand-ins for AWS and GitHub on loopback
#[derive(Parser)]
struct Arguments {
    /// Folder for everything that the stand-ins keep
    #[arg(long)]
    root: PathBuf,
    /// Simulated seconds in one real second
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::new(arguments.root);
    settings.time_scale = arguments.time_scale;
    let world = World::start(settings).await?;
    let admin = world
        .iam
        .session("admin", "ada", world.clock.unix() + 43_200.0);
    let told = json!({
        "aws": world.urls.aws,
        "registry": world.urls.registry,
        "github": world.urls.github,
        "region": world.settings.region,
        "access_key": admin.access_key,
        "secret_key": admin.secret,
        "session_token": admin.token,
    });
    println!("{told}");
    tokio::signal::ctrl_c().await
}
