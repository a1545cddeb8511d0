//! Provider jars against a lock file, against the target Keycloak, and against each other.

mod about;
mod allowed;
mod args;
mod checks;
mod content;
mod fetch;
mod identity;
mod index;
mod jars;
mod linkage;
mod list;
mod lock;
mod plan;
mod resolve;
mod sbom;
mod shadows;
mod signed;
mod update;
mod verify;

pub use args::Args;
use args::Operation;
pub use checks::table as checks_table;
use serde::Serialize;

use crate::action::{Action, Context, Outcome, OutputSpec};
use crate::error::Result;

/// The action `verify-providers`.
pub struct VerifyProviders;

/// The outputs of `verify-providers`.
#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outputs {
    providers_digest: String,
    count: usize,
    findings: usize,
    updates: usize,
    /// What `verify` found, notes too; of `--json` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Vec<Found>>,
}

/// A finding, as `--json` has it.
#[derive(Serialize)]
struct Found {
    check: &'static str,
    /// `error` or `note`.
    severity: &'static str,
    file: String,
    /// Continues a sentence that starts with the file.
    what: String,
    remedy: String,
}

impl Action for VerifyProviders {
    const NAME: &'static str = "verify-providers";
    const SUMMARY: &'static str = "Checks Keycloak's provider jars against a lock file, against the target Keycloak and against each other";
    const BRANDING: (&'static str, &'static str) = ("shield", "green");
    const EXAMPLES: &'static [&'static str] = &[
        "verify-providers --operation lock",
        "verify-providers --operation fetch",
        "verify-providers --operation update --dry-run true",
        "verify-providers --operation update --keycloak 26.8.0",
        "verify-providers --operation explain --check linkage",
        "verify-providers --keycloak-home /opt/keycloak",
        "verify-providers --sbom providers.cdx.json",
    ];
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "providers-digest",
            description: "SHA-256 over names and hashes of all locked jars, 64 hexadecimal digits",
        },
        OutputSpec {
            name: "count",
            description: "Number of locked jars, for example `26`",
        },
        OutputSpec {
            name: "findings",
            description: "Number of findings of `verify`, `0` if all is well",
        },
        OutputSpec {
            name: "updates",
            description: "Number of artifacts for which `update` found a newer release, for example `2`",
        },
    ];

    type Args = Args;
    type Outputs = Outputs;

    async fn run(args: Args, context: &Context) -> Result<Outcome<Outputs>> {
        match args.operation {
            Operation::Verify => verify::run(&args, context).await,
            Operation::Fetch => fetch::run(&args, context).await.map(Outcome::from),
            Operation::Lock => lock::run(&args, context).await.map(Outcome::from),
            Operation::Update => update::run(&args, context).await,
            Operation::List => list::run(&args, context).map(Outcome::from),
            Operation::Explain => list::explain(&args, context).map(Outcome::from),
        }
    }
}
