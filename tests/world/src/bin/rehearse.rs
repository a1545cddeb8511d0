//! `make rehearse`: the pipeline on this machine. Exit code 0 only if every stage did its work.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use world::rehearsal::{Fault, Script};

#[derive(Parser)]
struct Arguments {
    /// Checkout of this repository
    #[arg(long, default_value = ".")]
    product: PathBuf,
    /// Folder with the binaries
    #[arg(long, default_value = "target/debug")]
    binaries: PathBuf,
    /// Folder for the report and everything else that the rehearsal writes
    #[arg(long, env = "KECS_CACHE_DIR", default_value = ".cache")]
    cache: PathBuf,
    /// Plant a fault and show what a user would see; the exit code is then not 0
    #[arg(long = "break", value_enum)]
    fault: Option<Fault>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let script = Script {
        product: arguments.product,
        binaries: arguments.binaries,
        folder: arguments.cache.join("rehearsal"),
        cache: arguments.cache,
        fault: arguments.fault,
    };
    if script.play().await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
