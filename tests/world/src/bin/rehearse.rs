//! `make rehearse`: the pipeline on this machine. Exit code 0 only if every stage did its work; 1 if one failed, as a fault
//! that was planted means it to; 3 if that fault showed in another way, or nothing could be played.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use world::processes::end_below;
use world::rehearsal::{Fault, Played, Script};

#[derive(Parser)]
struct Arguments {
    /// Checkout of this repository
    #[arg(long, default_value = ".")]
    product: PathBuf,
    /// Folder with the binaries
    #[arg(long, default_value = "target/debug")]
    binaries: PathBuf,
    /// Folder for the report and everything else that the rehearsal writes
    #[arg(long, env = "KECS_TEST_CACHE", default_value = ".cache")]
    cache: PathBuf,
    /// Plant a fault and show what a user would see; the exit code is then 1, or 3 if the fault showed in another way
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
    tokio::select! {
        played = script.play() => match played {
            Played::Well => ExitCode::SUCCESS,
            Played::Failed => ExitCode::FAILURE,
            Played::Otherwise => ExitCode::from(3),
        },
        code = told_to_end() => {
            // The runs' processes are not this one's children alone: act starts shells, these start builders.
            end_below(std::process::id(), Duration::from_secs(5)).await;
            say("ended early; what it had started is ended too");
            ExitCode::from(code)
        }
    }
}

fn say(text: &str) {
    // A terminal that is gone shall not stop the clean-up.
    let _ = writeln!(std::io::stderr().lock(), "rehearse: {text}");
}

/// Waits for SIGINT or SIGTERM; the exit code that shells give for it.
async fn told_to_end() -> u8 {
    let listen =
        |kind| signal(kind).map_err(|error| say(&format!("cannot listen for signals: {error}")));
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        listen(SignalKind::interrupt()),
        listen(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => 143,
    }
}
